/*+++
id = "DC-03"
severity = "major"
in_force = {from = "2017-08-23"}
needs = ["disclosures", "parties"]
params = {lag_days = 30}
derive = {declared = {}}

[title]
zh = "披露的主体信息与登记不符"
en = "What is disclosed of the company differs from the register"

[logic]
zh = """\
各渠道最近一次披露的注册资本、法定代表人、存管银行, 与统计日前后 {lag_days} 天内登记、任职和账户所载的任何一个值都不符; 实际控制人与统计日当日的持股记录不符。\
其他披露事项 (地址、股东、备案号等) 不检验。"""
en = """\
The registered capital, legal representative or custodian bank last disclosed by channel is none of those on record within \
{lag_days} days of that day; or the controller is not the one that holdings show for that day. Other facts (address, holders, \
filings) are not tested."""

[[basis]]
law = {zh = "网络借贷信息中介机构业务活动信息披露指引", en = "Guide to information disclosure by online lending intermediaries"}
article = "5"
checked = "text"

[[innocent]]
zh = "变更登记滞后, 或网站更新滞后于变更"
en = "The register lags behind the change, or the website behind the register"

[[innocent]]
zh = "披露口径为实缴资本, 或存管银行为总行名称"
en = "Paid-in capital was meant, or the bank is named by its head office"
+++*/
-- facts: one row per disclosed fact: as read, the values on record about that day, and the rows that show them
with said as (
    select
        scope.case_id,
        scope.institution_id,
        scope.party_id,
        disclosures.disclosure_id,
        disclosures.as_of_on,
        disclosures.channel,
        case
            when starts_with(disclosures.metric, '注册资本') then 'capital'
            when starts_with(disclosures.metric, '法定代表人') then 'legal'
            when starts_with(disclosures.metric, '存管银行') then 'bank'
        end as fact,
        regexp_replace(disclosures.value_text, '[\s　·,，]+', '', 'g') as written
    from scope
    inner join disclosures on scope.institution_id = disclosures.institution_id
    where
        fact is not null
        and coalesce(disclosures.as_of_on, $as_of) <= $as_of
        and trim(disclosures.value_text) <> ''
    qualify disclosures.as_of_on is not distinct from max(disclosures.as_of_on) over (
        partition by scope.case_id, fact, disclosures.channel
    )
),

asked as (
    select
        *,
        case
            when fact <> 'capital' then written
            when regexp_full_match(written, '(人民币)?[0-9]+(\.[0-9]+)?(亿|万)?元?(人民币|整)?')
                then cast(
                    cast(
                        round(
                            cast(regexp_extract(written, '[0-9]+(\.[0-9]+)?') as decimal(18, 6))
                            * case when contains(written, '亿') then 100000000 when contains(written, '万') then 10000 else 1 end,
                            2
                        ) as decimal(18, 2)
                    ) as text
                )
        end as value
    from said
),

changed as (
    select
        asked.disclosure_id,
        registry_changes.change_id,
        registry_changes.changed_on,
        registry_changes.before_text,
        registry_changes.after_text,
        min(registry_changes.changed_on) over (partition by asked.disclosure_id) as first_on,
        asked.as_of_on
    from asked
    inner join registry_changes on asked.party_id = registry_changes.entity_id
    where
        asked.fact = 'capital'
        and contains(registry_changes.item, '注册资本')
        and registry_changes.changed_on > asked.as_of_on - $lag_days
),

capitals as (
    select
        disclosure_id,
        before_text as written,
        'registry_changes' as table_name,
        change_id as row_id
    from changed
    where changed_on = first_on
    union all
    select
        disclosure_id,
        after_text as written,
        'registry_changes' as table_name,
        change_id as row_id
    from changed
    where changed_on <= as_of_on + $lag_days
    union all
    select
        asked.disclosure_id,
        cast(parties.registered_capital_yuan as text) as written,
        'parties' as table_name,
        parties.party_id as row_id
    from asked
    inner join parties on asked.party_id = parties.party_id
    where
        asked.fact = 'capital' and parties.registered_capital_yuan is not null
        and asked.disclosure_id not in (select changed.disclosure_id from changed)
),

known as (
    select
        disclosure_id,
        cast(
            cast(
                round(
                    cast(regexp_extract(replace(written, ',', ''), '[0-9]+(\.[0-9]+)?') as decimal(18, 6))
                    * case when contains(written, '亿') then 100000000 when contains(written, '万') then 10000 else 1 end,
                    2
                ) as decimal(18, 2)
            ) as text
        ) as value,
        table_name,
        row_id
    from capitals
    where regexp_matches(written, '^(人民币)?[0-9]')
    union all
    select
        asked.disclosure_id,
        regexp_replace(person.name, '[\s　·]+', '', 'g') as value,
        'roles' as table_name,
        roles.role_id as row_id
    from asked
    inner join roles on asked.party_id = roles.entity_id
    inner join parties as person on roles.person_id = person.party_id
    where
        asked.fact = 'legal'
        and roles.role = 'legal_representative'
        and not coalesce(roles.claimed_only, false)
        and person.name is not null
        and coalesce(roles.valid_from, asked.as_of_on) <= asked.as_of_on + $lag_days
        and (roles.valid_to is null or roles.valid_to > asked.as_of_on - $lag_days)
    union all
    select
        asked.disclosure_id,
        regexp_replace(parties.legal_representative, '[\s　·]+', '', 'g') as value,
        'parties' as table_name,
        parties.party_id as row_id
    from asked
    inner join parties on asked.party_id = parties.party_id
    where asked.fact = 'legal' and parties.legal_representative is not null
    union all
    select
        asked.disclosure_id,
        accounts.bank as value,
        'accounts' as table_name,
        accounts.account_id as row_id
    from asked
    inner join accounts on accounts.holder_id in (asked.institution_id, asked.party_id)
    where
        asked.fact = 'bank'
        and accounts.purpose = 'custody_total'
        and accounts.bank is not null
        and coalesce(accounts.opened_on, asked.as_of_on) <= asked.as_of_on + $lag_days
        and (accounts.closed_on is null or accounts.closed_on > asked.as_of_on - $lag_days)
),

gathered as (
    select
        asked.disclosure_id,
        list(distinct known.value order by known.value) as on_record,
        list(distinct { 'table': known.table_name, 'id': known.row_id }) as proof,
        bool_or(
            case
                when asked.fact = 'bank' then contains(asked.value, known.value) or contains(known.value, asked.value)
                else asked.value = known.value
            end
        ) as agrees
    from asked
    inner join known on asked.disclosure_id = known.disclosure_id
    group by asked.disclosure_id
)

select
    asked.case_id,
    asked.disclosure_id,
    asked.as_of_on,
    asked.fact,
    asked.written,
    gathered.on_record,
    gathered.proof,
    case
        when asked.as_of_on is null then 'undated'
        when asked.value is null then 'unreadable'
        when gathered.disclosure_id is null then 'not_on_record'
        when gathered.agrees then 'same'
        else 'different'
    end as verdict
from asked
left join gathered on asked.disclosure_id = gathered.disclosure_id
union all
select
    declared.case_id,
    declared.disclosure_id,
    disclosures.as_of_on,
    'controller' as fact,
    disclosures.value_text as written,
    declared.found as on_record,
    list_transform(declared.holding_ids, lambda holding_id: { 'table': 'holdings', 'id': holding_id }) as proof,
    case
        when declared.verdict in ('same', 'different') then declared.verdict
        when declared.verdict = 'unclear' then 'unclear'
        else 'not_on_record'
    end as verdict
from declared
inner join disclosures on declared.disclosure_id = disclosures.disclosure_id
where declared.what = 'controller';

-- hits: the institution, every fact that differs
select
    facts.case_id,
    scope.institution_id as subject_id,
    cast(null as decimal(18, 2)) as amount_yuan,
    min(facts.as_of_on) as first_on,
    cast(null as date) as last_on,
    cast(1 as double) as confidence,
    list_concat(
        list({ 'table': 'disclosures', 'id': facts.disclosure_id } order by facts.disclosure_id),
        list_sort(flatten(list(coalesce(facts.proof, []))))
    ) as evidence,
    list(
        {
            'code': 'disclosed_' || facts.fact,
            'v': facts.written || ' ≠ ' || array_to_string(facts.on_record, '、')
        }
        order by facts.fact, facts.disclosure_id
    ) as detail
from facts
inner join scope on facts.case_id = scope.case_id
where facts.verdict = 'different'
group by facts.case_id, scope.institution_id;

-- coverage: the facts last disclosed in each channel
select
    scope.case_id,
    count(facts.verdict) as population,
    count(facts.verdict) filter (where facts.verdict in ('same', 'different')) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        { 'code': 'no_facts', 'v': cast(scope.institution_id is not null and count(facts.verdict) = 0 as bigint) },
        { 'code': 'facts_undated', 'v': count(*) filter (where facts.verdict = 'undated') },
        { 'code': 'facts_unreadable', 'v': count(*) filter (where facts.verdict = 'unreadable') },
        { 'code': 'declared_unclear', 'v': count(*) filter (where facts.verdict = 'unclear') },
        { 'code': 'facts_not_on_record', 'v': count(*) filter (where facts.verdict = 'not_on_record') }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
