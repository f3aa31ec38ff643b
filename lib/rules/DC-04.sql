/*+++
id = "DC-04"
severity = "major"
in_force = {from = "2016-08-24"}
needs = ["advertisements"]
params = {regulation_on = 2021-05-01}
derive = {}

[title]
zh = "违规宣传"
en = "Improper marketing"

[logic]
zh = """\
办法施行后, 在报刊、广播、电视、户外、楼宇、地铁公交、门店、传单等互联网以外的渠道推介融资产品 (收益、利率、期限、起投、加息等); \
{regulation_on} 起另按条例第 11 条: 任何渠道的广告称国家、政府、国资背书, 或使用最高级、保证收益等措辞。此前的后一类只列备注。"""
en = """\
Under the measures: products for lenders (yield, rate, term, smallest amount, bonus and the like) are promoted outside the \
internet: press, radio, television, outdoors, buildings, public transport, shops, leaflets. From {regulation_on} on also, by \
the regulation: an advertisement claims backing by the state, superlatives or certain returns; before, they are \
noted only."""

[[basis]]
law = {zh = "网络借贷信息中介机构业务活动管理暂行办法", en = "Interim Measures for Online Lending Information Intermediaries"}
article = "10(4)"
checked = "text"

[[basis]]
law = {zh = "防范和处置非法集资条例", en = "Regulation on Preventing and Handling Illegal Fund-raising"}
article = "11"
checked = "text"

[[innocent]]
zh = "纯品牌宣传, 不含产品"
en = "The brand alone, without a product"

[[innocent]]
zh = "门店只做信用信息采集、核实、贷后管理 (办法第 16 条允许)"
en = "A shop for credit information and loan management alone, which article 16 allows"
+++*/
-- facts: one row per advertisement: channel off line, product in it, claims in it, and the first law that it is held against
with ads as (
    select
        scope.case_id,
        advertisements.advertisement_id,
        advertisements.channel,
        cast(advertisements.seen_at as date) as seen_on,
        advertisements.body
    from scope
    inner join advertisements on scope.institution_id = advertisements.institution_id
    where coalesce(cast(advertisements.seen_at as date), $as_of) <= $as_of
),

read as (
    select
        *,
        regexp_matches(
            channel, '报刊|报纸|杂志|电视|广播|电台|户外|楼宇|电梯|地铁|公交|车站|机场|门店|网点|传单|单页|横幅|墙体|路演|推介会|讲座'
        ) as off_line,
        regexp_extract(
            body,
            '年化|收益|利率|回报|期限|半年期|个月|起投|加息|红包|返现|出借|投资|理财|计息|付息|到期|抢购'
        ) as product,
        regexp_extract(
            body,
            '(国家|政府|国有|国资|央企|银行|央视|新华社)(背景|背书|支持|批准|认可|担保|信用|推荐)|国资系'
            || '|(收益|回报|安全性?|利率)最高|最(高收益|安全|可靠|高回报|好)|第一品牌|稳赚|只赚不赔'
            || '|保证(收益|盈利)|承诺(收益|回报)|固定(收益|回报)|高额(收益|回报)'
        ) as claim
    from ads
)

select
    *,
    case
        when body is null then 'unread'
        when seen_on is null then 'undated'
        when seen_on < $in_force_from then 'legacy'
        when off_line and product <> '' then 'off_line'
        when claim <> '' and seen_on >= $regulation_on then 'claim'
        when channel is null then 'no_channel'
        when claim <> '' then 'early_claim'
        else 'fine'
    end as verdict
from read;

-- hits: the advertisement
select
    case_id,
    advertisement_id as subject_id,
    cast(null as decimal(18, 2)) as amount_yuan,
    seen_on as first_on,
    seen_on as last_on,
    cast(1 as double) as confidence,
    [{ 'table': 'advertisements', 'id': advertisement_id }] as evidence,
    list_filter(
        [
            { 'code': 'ad_channel', 'v': channel },
            { 'code': 'ad_product', 'v': case when verdict = 'off_line' then product end },
            { 'code': 'ad_claim', 'v': nullif(claim, '') }
        ],
        lambda said: said.v is not null
    ) as detail
from facts
where verdict in ('off_line', 'claim');

-- coverage: advertisements seen under the measures, or on a day that is unknown
select
    scope.case_id,
    count(facts.verdict) filter (where facts.verdict <> 'legacy') as population,
    count(facts.verdict) filter (where facts.verdict in ('off_line', 'claim', 'early_claim', 'fine')) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        { 'code': 'no_ads', 'v': cast(scope.institution_id is not null and count(facts.verdict) = 0 as bigint) },
        { 'code': 'ads_without_day', 'v': count(facts.verdict) filter (where facts.verdict = 'undated') },
        { 'code': 'ads_without_text', 'v': count(facts.verdict) filter (where facts.verdict = 'unread') },
        { 'code': 'ads_without_channel', 'v': count(facts.verdict) filter (where facts.verdict = 'no_channel') }
    ] as why_not,
    [
        { 'code': 'legacy_ads', 'v': count(facts.verdict) filter (where facts.verdict = 'legacy') },
        { 'code': 'early_claims', 'v': count(facts.verdict) filter (where facts.verdict = 'early_claim') }
    ] as note
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
