/*+++
id = "NM-01"
severity = "minor"
in_force = {from = "2016-04-12"}
needs = ["parties", "restricted_words"]
params = {}
derive = {}

[title]
zh = "名称或经营范围使用限制字样"
en = "Restricted words in a name or scope of business"

[logic]
zh = "以最长匹配在机构名称、企业名称、曾用名和经营范围中查找基准日已施行清单的字样; 否定表述 (如不得从事金融业务)、基金会、持有金融许可或书面同意的除外。"
en = """\
Longest-match search of the names, former names and scope of business for the words of the lists in force on \
the day; disclaimers (such as: may not carry on financial business), foundations and holders of a financial \
licence or a written consent are excepted."""

[[basis]]
law.zh = "互联网金融风险专项整治工作实施方案 (国办发〔2016〕21号)"
law.en = "Implementation Plan for the Special Rectification of Internet Finance Risks (2016) 21"
article = "字样清单"
checked = "text"

[[basis]]
law = {zh = "防范和处置非法集资条例", en = "Regulation on Preventing and Handling Illegal Fund-raising"}
article = "9"
checked = "text"

[[innocent]]
zh = "持牌机构, 或已取得注册地整治办书面同意而同意文件未提供"
en = "A licensed institution, or a written consent of the local office that was not delivered"

[[innocent]]
zh = "字样在专项整治之前已登记, 或只是曾用名; 经营范围中的否定表述换了写法"
en = "Registered before the rectification, or a former name only; a disclaimer in other words"
+++*/
-- facts: one row per text to be searched (null where it was not delivered) and the restricted words in it
--
-- The search is one regular expression of all words, longest first: RE2 takes the first alternative that fits, so
-- 股权投资基金 is found once and not again as 基金. Harmless phrases are alternatives like the words, and dropped after.
with harmless as (
    select unnest(['基金会', '非金融']) as word
),

sought as (
    select distinct upper(word) as word
    from restricted_words
    where in_force_from <= $as_of
    union
    select word from harmless
),

pattern as (
    select
        string_agg(regexp_escape(word), '|' order by length(word) desc, word) as words,
        (select list(word) from harmless) as harmless
    from sought
),

companies as (
    select
        scope.case_id,
        scope.institution_id,
        scope.party_id,
        parties.name,
        parties.former_names,
        parties.scope_text,
        parties.registered_on
    from scope
    left join parties on scope.party_id = parties.party_id
    where parties.kind is distinct from 'person'
),

texts as (
    select
        case_id,
        party_id as subject_id,
        'parties' as table_name,
        'name' as field,
        name as written,
        registered_on
    from companies
    union all
    select
        case_id,
        party_id as subject_id,
        'parties' as table_name,
        'former_names' as field,
        former_names as written,
        registered_on
    from companies
    where former_names is not null
    union all
    select
        case_id,
        party_id as subject_id,
        'parties' as table_name,
        'scope_text' as field,
        scope_text as written,
        registered_on
    from companies
    union all
    select
        scope.case_id,
        institutions.institution_id as subject_id,
        'institutions' as table_name,
        'name' as field,
        institutions.name as written,
        companies.registered_on
    from scope
    inner join institutions on scope.institution_id = institutions.institution_id
    left join companies on scope.case_id = companies.case_id
    where institutions.name is distinct from companies.name
),

plain as (
    select
        texts.*,
        -- what stands after 不得 up to the end of the sentence or bracket, after 不含 up to the comma, before 除外, between 除 and 外
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    translate(upper(regexp_replace(written, '[\s　]+', '', 'g')), 'Ｐ２', 'P2'),
                    '(不得|不准|不可|禁止|严禁|未经)[^。;；()（）【】]*', '', 'g'
                ),
                '(不含|不包含|不包括|不从事|不涉及|不开展|不经营|不提供)[^。;；,，()（）【】]*', '', 'g'
            ),
            '[^。;；,，()（）【】]*除外|除[^。;；,，()（）【】]*外', '', 'g'
        ) as searched
    from texts
)

select
    plain.case_id,
    plain.subject_id,
    plain.table_name,
    plain.field,
    plain.registered_on,
    plain.written is not null and exists (select 1 from restricted_words) as tested,
    list_sort(
        list_distinct(
            list_filter(
                regexp_extract_all(plain.searched, pattern.words),
                lambda found: not list_contains(pattern.harmless, found)
            )
        )
    ) as words,
    exists(
        select 1 from licences
        inner join scope on plain.case_id = scope.case_id
        where
            licences.institution_id in (scope.institution_id, scope.party_id)
            and licences.kind in ('financial', 'name_consent')
            and coalesce(licences.valid_from, $as_of) <= $as_of
            and (licences.valid_to is null or licences.valid_to > $as_of)
    ) as permitted
from plain
cross join pattern;

-- hits: the party or institution and the text in which the words stand; first_on is the day of registration
select
    case_id,
    subject_id,
    cast(null as decimal(18, 2)) as amount_yuan,
    registered_on as first_on,
    cast(null as date) as last_on,
    cast(1 as double) as confidence,
    [{ 'table': table_name, 'id': subject_id }] as evidence,
    [{ 'code': 'words_in_' || field, 'v': array_to_string(words, '、') }] as detail
from facts
where tested and not permitted and len(words) > 0;

-- coverage: the names and the scope of business of the case's company
select
    scope.case_id,
    count(facts.field) as population,
    count(facts.field) filter (where facts.tested) as tested,
    [
        { 'code': 'no_company', 'v': cast(count(facts.field) = 0 as bigint) },
        { 'code': 'no_name', 'v': count(facts.field) filter (where not facts.tested and facts.field = 'name') },
        { 'code': 'no_scope_text', 'v': count(facts.field) filter (where not facts.tested and facts.field = 'scope_text') }
    ] as why_not,
    [{ 'code': 'permitted', 'v': cast(coalesce(bool_or(facts.permitted and len(facts.words) > 0), false) as bigint) }] as note
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id;
