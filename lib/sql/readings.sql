-- readings: what profiles say about statements of any bank: directions, sides, masked accounts, what memos tell
-- grain:   macros over the texts of cells, trimmed, empty being null; after casts
-- inputs:  none
-- params:  none
--
-- Signs. An amount is negative by a minus before it or parentheses around it (casts: amount_text), whatever currency stands
-- beside. One with two signs, -(5) or --5, may mean either: it is no number there, and its row is set apart.
create or replace temp macro is_negative(t) as
case
    when regexp_full_match(t, '-?[0-9][0-9,.]*') then starts_with(t, '-')
    else starts_with(plain_number(t), '-')
end;

create or replace temp macro without_sign(t) as
case
    when regexp_full_match(t, '-?[0-9][0-9,.]*') then ltrim(t, '-')
    else coalesce(ltrim(plain_number(t), '+-'), t)
end;

create or replace temp macro signed_direction(t) as
case when is_negative(t) then 'out' when t is not null then 'in' end;

-- Two columns, one for what comes in and one for what goes out: the other is empty, 0, or a dash. If both hold an amount, or
-- neither does, there is no telling. What is negative there undoes an earlier line of that side: the money goes the other way.
create or replace temp macro is_void(t) as
case
    when t is null then true
    when regexp_full_match(t, '[-+¥￥ ]*0*(\.0*)?[- ]*') then true
    when regexp_matches(t, '[1-9]') then false
    else coalesce(regexp_full_match(plain_number(t), '[-+]?0+(\.0*)?(E[48])?'), false)  -- 0.00元 · ０．００
end;

create or replace temp macro beside(into_t, out_t) as
case
    when is_void(into_t) then if(is_void(out_t), coalesce(into_t, out_t), out_t)
    when is_void(out_t) then into_t
end;

create or replace temp macro side_direction(into_t, out_t) as
case
    when is_void(into_t) then case when not is_void(out_t) then if(is_negative(out_t), 'in', 'out') end
    when is_void(out_t) then if(is_negative(into_t), 'out', 'in')
end;

-- Day and time in two columns, or both in one of them; the table of a PDF may have lost what stood between: 2018090308:05:06.
create or replace temp macro parted(t) as
regexp_replace(t, '^([12][0-9]{3}[-/.]?[0-9]{2}[-/.]?[0-9]{2})([0-9]{2}:[0-9]{2}(:[0-9]{2})?)$', '\1 \2');

create or replace temp macro moment_of(d, t) as
case
    when d is null then parted(t)
    when t is null then parted(d)
    -- a clock time that a program has given a day of its own, because it knows no others
    when regexp_matches(t, '^(1899-12-30|1900-01-0[01]|1904-01-01|1970-01-01)[ T]+[0-9]')
        then day_and_time(d, regexp_replace(t, '^[-0-9]+[ T]+', ''))
    when regexp_matches(t, '^[12][0-9]{3}[-/.年]?[0-9]{1,2}[-/.月]?[0-9]{1,2}日?([ T]+[0-9]|[0-9]{6}$)') then t
    else day_and_time(d, t)
end;

-- Accounts. One of which characters are hidden is none that could be joined to another; it is kept in the memo.
create or replace temp macro is_masked(t) as
regexp_matches(t, '\*|[xX]{3,}|[0-9][xX]{2,}[0-9]');

create or replace temp macro unmasked(t) as
case when not is_masked(t) then card_number(t) end;

create or replace temp macro masked_account(t) as
case when is_masked(t) then '对方账号 ' || t end;

-- The number of a card of which a file shows the last digits alone.
create or replace temp macro own_account(t) as
case when regexp_full_match(bare_id(t), '[0-9]{3,6}') then '尾号' || bare_id(t) else card_number(t) end;

-- One column for name and number of the other side: 张三 6222021234567890 · 某某公司6222021234567890 · 6222021234567890/某某公司 ·
-- 张三/6222021234567890 · 张三:6222021234567890 · 2088001234567890(张三) · 某某商户. Twelve digits and more are a number; fewer
-- may be part of a name. A number of which characters are hidden is none that could be joined: name_in leaves it out too.
create or replace temp macro account_in(t) as
nullif(
    coalesce(
        nullif(regexp_extract(visible(t), '(?:^|[ /:：）)]|[\x{4e00}-\x{9fff}])([0-9]{12,25})$', 1), ''),
        regexp_extract(visible(t), '^([0-9]{12,25})(?:[/:： ]|[(（])', 1)
    ),
    ''
);

create or replace temp macro name_in(t) as
nullif(
    trim(
        regexp_replace(
            regexp_replace(
                regexp_replace(t, '(?:^|[ /:：]|([\x{4e00}-\x{9fff}）)]))(?:[0-9]{12,25}|[0-9A-Z]*[*]{3,}[0-9]+)$', '\1'),
                '^(?:[0-9]{12,25}|[0-9A-Z]*[*]{3,}[0-9]+)(?:[/:： ]|$)', ''
            ),
            '^[0-9]{12,25} *[(（](.*)[)）]$', '\1'
        )
    ),
    ''
);

create or replace temp macro masked_in(t) as
coalesce(
    nullif(regexp_extract(t, '(?:^|[ /:：])([0-9A-Z]*[*]{3,}[0-9]+)$', 1), ''),
    nullif(regexp_extract(t, '^([0-9A-Z]*[*]{3,}[0-9]+)(?:[/:： ]|$)', 1), '')
);

-- An amount stated in fen, exactly; what is no whole number stays what it is, and is no amount.
create or replace temp macro yuan_of_fen(t) as
coalesce(cast(try_cast(if(regexp_full_match(t, '-?[0-9]{1,17}'), t, null) as decimal(18, 0)) * 0.01 as text), t || '分');

-- Two texts in one, without saying anything twice.
create or replace temp macro said(a, b) as
case
    when b is null then a
    when a is null then b
    when contains(b, a) then b
    when contains(a, b) then a
    else a || ' ' || b
end;

-- Currencies: amounts in the Store are yuan.
create or replace temp macro is_foreign(t) as
t is not null and not regexp_full_match(upper(half_width(t)), '人民币元?(\(本位币\))?|CNY|RMB|01|1|156|元|人民币 *(现|钞|汇)?|本币');

-- What the memo of a line tells of its purpose. A word that can mean two things (投资款 of a lender, or of a shareholder) tells
-- nothing.
create or replace temp macro kind_of(m) as
case
    when m is null then null
    when regexp_matches(m, '退汇重发|测试') then null
    when regexp_matches(m, '退汇|退款|退还|退回|冲正|抹账|冲销') then 'refund'
    when regexp_matches(m, '服务费|手续费|管理费|工本费|年费|会员费') and not regexp_matches(m, '划转') then 'fee'
    when regexp_matches(m, '放款|发放贷款|借款发放|贷款发放') then 'disbursement'
    when regexp_matches(m, '还款|回款|还本|还贷|偿还|代偿') then 'repayment'
    when regexp_matches(m, '注资|增资|资本金|出资款|实缴') then 'capital'
    when regexp_matches(m, '结息|利息|付息') then 'interest'
    when regexp_matches(m, '取现|提现|现金支取|ATM取款') then 'withdrawal'
end;

-- The number of a contract in a memo: letters, a year and digits (VK2018-003696), or what stands behind 合同 or 借据.
create or replace temp macro loan_of(m) as
coalesce(
    nullif(regexp_extract(m, '(?:^|[^0-9A-Za-z-])([A-Z]{1,8}-?(?:19|20)[0-9]{2}-[0-9]{3,10})(?:$|[^0-9A-Za-z-])', 1), ''),
    nullif(regexp_extract(m, '(?:合同|借据|标的)(?:编?号|号码) *[:： ] *([0-9A-Za-z-]{6,30})', 1), '')
);
