/*+++
id = "GR-03"
severity = "prohibited"
in_force = {from = "2016-08-24"}
needs = ["advertisements"]
params = {neg_window = 6}
derive = {}

[title]
zh = "保本保息承诺措辞"
en = "Wording that guarantees capital or interest"

[logic]
zh = """\
办法施行后发现的广告含有: 保本、保息、本息保障、零风险、无风险、刚性兑付、100%赔付 (兑付)、平台回购 (代偿、兜底)、风险备付金 (准备金、保障金)、质保款 (金)、安全无忧; \
同一分句中该词前 {neg_window} 个字内有否定 (不、非、无法、未、没有, 但不仅、不止、不但、非常除外) 的不算。合同文本没有数据, 不检验。"""
en = """\
An advertisement seen under the measures says: capital or interest guaranteed, no risk, rigid redemption, 100 % compensation, \
buy-back or cover by the platform, risk reserve fund, or the like; a negation within {neg_window} characters before, in the \
same clause, takes it back. The text of contracts is not in the data and not tested."""

[[basis]]
law = {zh = "网络借贷信息中介机构业务活动管理暂行办法", en = "Interim Measures for Online Lending Information Intermediaries"}
article = "10(3)"
checked = "text"

[[innocent]]
zh = "风险提示中的否定表述换了写法"
en = "A risk warning whose negation is worded in another way"

[[innocent]]
zh = "转载的政策解读, 或第三方未经授权的宣传"
en = "A reprint about the law, or a third party's advertisement without mandate"
+++*/
-- facts: one row per advertisement and clause of it, and the promises in the clause that no negation takes back
--
-- Clauses end at full stops, semicolons, commas and line breaks: 不收费, 保本保息 promises, 不承诺保本保息 does not.
with ads as (
    select
        scope.case_id,
        advertisements.advertisement_id,
        cast(advertisements.seen_at as date) as seen_on,
        advertisements.channel,
        translate(upper(regexp_replace(advertisements.body, '[ \t　]+', '', 'g')), '％１０', '%10') as body
    from scope
    inner join advertisements on scope.institution_id = advertisements.institution_id
    where coalesce(cast(advertisements.seen_at as date), $as_of) <= $as_of
),

clauses as (
    select
        case_id,
        advertisement_id,
        seen_on,
        channel,
        body is not null as readable,
        unnest(coalesce(regexp_split_to_array(body, '[。！？；，、!?;,\r\n]'), [null])) as clause
    from ads
)

select
    case_id,
    advertisement_id,
    seen_on,
    channel,
    readable,
    list_filter(
        list_transform(
            range(1, length(clause) + 1),
            lambda place: case
                when
                    not regexp_matches(
                        substring(clause, greatest(place - $neg_window, 1), least($neg_window, place - 1)),
                        '不(\z|[^仅止只但])|非(\z|[^常])|无法|未|没有|并无'
                    )
                    then regexp_extract(
                        substring(clause, place),
                        '^(保本|保息|本息保障|[零0]风险|无风险|刚性兑付|100%(本息|本金)?(赔付|兑付|保障)'
                        || '|平台(回购|代偿|兜底)|风险(备付|准备|保障)金|质保(款|金)|安全无忧)'
                    )
            end
        ),
        lambda word: word <> ''
    ) as words
from clauses;

-- hits: the advertisement and the words in it
with worded as (
    select
        case_id,
        advertisement_id,
        any_value(seen_on) as seen_on,
        any_value(channel) as channel,
        list_sort(list_distinct(flatten(list(words)))) as words
    from facts
    where len(words) > 0 and seen_on >= $in_force_from
    group by case_id, advertisement_id
)

select
    case_id,
    advertisement_id as subject_id,
    cast(null as decimal(18, 2)) as amount_yuan,
    seen_on as first_on,
    seen_on as last_on,
    cast(1 as double) as confidence,
    [{ 'table': 'advertisements', 'id': advertisement_id }] as evidence,
    list_filter(
        [{ 'code': 'ad_channel', 'v': channel }, { 'code': 'ad_words', 'v': array_to_string(words, '、') }],
        lambda said: said.v is not null
    ) as detail
from worded;

-- coverage: advertisements seen under the measures, or on a day that is unknown
with ads as (
    select
        case_id,
        advertisement_id,
        any_value(seen_on) as seen_on,
        bool_or(readable) as readable
    from facts
    group by case_id, advertisement_id
)

select
    scope.case_id,
    count(ads.case_id) filter (where coalesce(ads.seen_on >= $in_force_from, true)) as population,
    count(ads.case_id) filter (where ads.seen_on >= $in_force_from and ads.readable) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        { 'code': 'no_ads', 'v': cast(scope.institution_id is not null and count(ads.case_id) = 0 as bigint) },
        { 'code': 'ads_without_day', 'v': count(ads.case_id) filter (where ads.seen_on is null) },
        {
            'code': 'ads_without_text',
            'v': count(ads.case_id) filter (where ads.seen_on >= $in_force_from and not ads.readable)
        }
    ] as why_not,
    [{ 'code': 'legacy_ads', 'v': count(ads.case_id) filter (where ads.seen_on < $in_force_from) }] as note
from scope
left join ads on scope.case_id = ads.case_id
group by scope.case_id, scope.institution_id;
