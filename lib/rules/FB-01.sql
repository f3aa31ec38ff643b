/*+++
id = "FB-01"
severity = "prohibited"
in_force = {from = "2016-08-24"}
needs = ["loans", "parties"]
params = {min_age = 18, max_age = 75}
derive = {}

[title]
zh = "借款主体无效"
en = "Invalid borrower"

[logic]
zh = """\
签约日 (没有签约日的取起息日) 的借款主体: 证件号或统一社会信用代码不符合自身的校验; 自然人未满 {min_age} 周岁或已满 \
{max_age} 周岁后又满一岁 (周岁超过 {max_age}); 企业在签约日前已注销或吊销, 或签约日早于成立日期; 当日注销、当日成立不算。"""
en = """\
On the day of signing (of the start, where none is known) the borrower's identity number or credit code \
fails its own check; a person is younger than {min_age} or, in whole years, older than {max_age}; a company \
had been struck off or its licence revoked before, or was registered only after; the day itself is neither."""

[[basis]]
law.zh = "网络借贷信息中介机构业务活动管理暂行办法"
law.en = "Interim Measures for Online Lending Information Intermediaries"
article = "10(10), 13(1)"
checked = "text"

[[basis]]
law = {zh = "年龄界限、校验算法为设计设定", en = "Ages and check digits: set by design"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "证件号抄录或识别有误 (先核对原件, 见号码校验)"
en = "The number was copied or scanned wrongly: look at the document first"

[[innocent]]
zh = "企业注销登记后恢复, 或登记信息滞后"
en = "A striking-off that was undone, or a register that lags behind"

[[innocent]]
zh = "合同补签, 系统所载签约日不是实际签约日"
en = "The contract was signed later, and the system states another day"
+++*/
-- facts: one row per loan of the platform signed under the measures, or without a day, and what is wrong with its borrower
--
-- A person's day of birth is that of the register, else that of the identity number. What a register says today of a company
-- counts as of the day of signing only with the day of the change.
with asked as (
    select
        scope.case_id,
        loans.loan_id,
        loans.borrower_id,
        loans.principal_yuan,
        coalesce(loans.signed_on, loans.started_on) as on_day,
        parties.kind,
        parties.party_id is not null as known,
        coalesce(parties.kind <> 'person', false) as is_body,
        case when parties.kind = 'person' then parties.id_number else parties.uscc end as number,
        case when parties.kind = 'person' then 'id_number' else 'uscc' end as number_column,
        parties.born_on,
        parties.registered_on,
        parties.status
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    left join parties on loans.borrower_id = parties.party_id
    where coalesce(loans.signed_on, loans.started_on, $as_of) between $in_force_from and $as_of
),

wrong_numbers as (
    select distinct
        coalesce(party_ids.resolved_id, flags.row_id) as party_id,
        flags.column_name,
        flags.written,
        flags.reason
    from flags
    left join party_ids on flags.row_id = party_ids.party_id
    where flags.table_name = 'parties'
),

-- the last entry before the day decides: a striking-off may have been undone
struck_off as (
    select
        asked.case_id,
        asked.loan_id,
        arg_max(changes.change_id, (changes.changed_on, changes.change_id)) as change_id,
        arg_max(changes.after_text, (changes.changed_on, changes.change_id)) as after_text,
        max(changes.changed_on) as changed_on
    from asked
    inner join registry_changes as changes on asked.borrower_id = changes.entity_id
    where
        asked.is_body
        and changes.changed_on < asked.on_day
        and changes.item ~ '状态|注销|吊销'
        and not changes.item ~ '公告|备案'
    group by asked.case_id, asked.loan_id
),

ever_struck_off as (
    select distinct entity_id
    from registry_changes
    where item ~ '状态|注销|吊销' and not item ~ '公告|备案' and after_text ~ '注销|吊销' and changed_on is not null
),

described as (
    select
        asked.*,
        wrong_numbers.reason as wrong_number,
        asked.number is null or asked.number = '' or contains(asked.number, '*')
        or coalesce(wrong_numbers.reason = 'digits_lost', false) as number_unknown,
        coalesce(
            asked.born_on,
            case length(asked.number)
                when 18 then try_strptime(asked.number[7:14], '%Y%m%d')
                when 15 then try_strptime('19' || asked.number[7:12], '%Y%m%d')
            end
        ) as born,
        case when struck_off.after_text ~ '注销|吊销' then struck_off.change_id end as change_id,
        case when struck_off.after_text ~ '注销|吊销' then struck_off.changed_on end as struck_on,
        asked.status is null or asked.status = '' as status_unknown,
        coalesce(asked.status ~ '注销|吊销|cancelled|revoked', false) and ever_struck_off.entity_id is null as undated
    from asked
    left join wrong_numbers
        on
            asked.borrower_id = wrong_numbers.party_id
            and asked.number_column = wrong_numbers.column_name
            and asked.number = wrong_numbers.written
    left join struck_off on asked.case_id = struck_off.case_id and asked.loan_id = struck_off.loan_id
    left join ever_struck_off on asked.borrower_id = ever_struck_off.entity_id
),

examined as (
    select
        *,
        kind is not null and wrong_number is not null and wrong_number <> 'digits_lost' as bad_number,
        coalesce(kind = 'person' and on_day < cast(born + to_years($min_age) as date), false) as too_young,
        coalesce(kind = 'person' and on_day >= cast(born + to_years($max_age + 1) as date), false) as too_old,
        coalesce(is_body and on_day < registered_on, false) as not_yet,
        is_body and change_id is not null as gone
    from described
)

select
    case_id,
    loan_id,
    borrower_id,
    change_id,
    principal_yuan,
    on_day,
    number,
    wrong_number,
    year(age(cast(on_day as timestamp), cast(born as timestamp))) as years,
    registered_on,
    struck_on,
    bad_number,
    too_young,
    too_old,
    not_yet,
    gone,
    case
        when bad_number or too_young or too_old or not_yet or gone then 'hit'
        when borrower_id is null then 'unknown_borrower'
        when kind is null then 'unknown_kind'
        when on_day is null then 'unknown_day'
        when number_unknown then 'number_unchecked'
        when kind = 'person' and born is null then 'unknown_birth'
        when is_body and (registered_on is null or status_unknown) then 'unknown_registration'
        when is_body and undated then 'struck_off_undated'
        else 'clear'
    end as verdict
from examined;

-- hits: the contract, its principal, the day of signing, and every reason
select
    case_id,
    loan_id as subject_id,
    principal_yuan as amount_yuan,
    on_day as first_on,
    on_day as last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'loans', 'id': loan_id }, { 'table': 'parties', 'id': borrower_id }],
        case when gone then [{ 'table': 'registry_changes', 'id': change_id }] else [] end
    ) as evidence,
    list_filter(
        [
            { 'code': 'number_' || wrong_number, 'v': case when bad_number then '1' end },
            { 'code': 'too_young', 'v': case when too_young then cast(years as text) end },
            { 'code': 'too_old', 'v': case when too_old then cast(years as text) end },
            { 'code': 'not_yet_registered', 'v': case when not_yet then cast(registered_on as text) end },
            { 'code': 'struck_off_before', 'v': case when gone then cast(struck_on as text) end }
        ],
        lambda found: found.v is not null
    ) as detail
from facts
where verdict = 'hit';

-- coverage: contracts signed under the measures; tested: those of a borrower of whom all that is asked is known
select
    scope.case_id,
    count(facts.loan_id) as population,
    count(facts.loan_id) filter (where facts.verdict in ('hit', 'clear')) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        {
            'code': 'no_loans',
            'v': cast(
                scope.institution_id is not null
                and exists (select 1 from loans)
                and not exists (select 1 from loans where loans.institution_id = scope.institution_id) as bigint
            )
        },
        { 'code': 'unknown_borrower', 'v': count(*) filter (where facts.verdict = 'unknown_borrower') },
        { 'code': 'unknown_kind', 'v': count(*) filter (where facts.verdict = 'unknown_kind') },
        { 'code': 'unknown_day', 'v': count(*) filter (where facts.verdict = 'unknown_day') },
        { 'code': 'number_unchecked', 'v': count(*) filter (where facts.verdict = 'number_unchecked') },
        { 'code': 'unknown_birth', 'v': count(*) filter (where facts.verdict = 'unknown_birth') },
        { 'code': 'unknown_registration', 'v': count(*) filter (where facts.verdict = 'unknown_registration') },
        { 'code': 'struck_off_undated', 'v': count(*) filter (where facts.verdict = 'struck_off_undated') }
    ] as why_not,
    [
        {
            'code': 'legacy_loans',
            'v': (
                select count(*) from loans
                where
                    loans.institution_id = scope.institution_id
                    and coalesce(loans.signed_on, loans.started_on) < $in_force_from
            )
        }
    ] as note
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
