-- casts: how the text of a cell becomes a value; null where it does not, never a guess
-- grain:   macros over one text
-- inputs:  codes(name, word, code), made from profiles/codes.toml
-- params:  none
--
-- A text reaches the macros trimmed (staging.clean), empty being null. What is not null and gives null here sets its row
-- apart. Amounts are read exactly (18 decimals) and rounded half-even to the fen: a plain cast rounds half up.
-- (a text with as many bytes as characters is ASCII: most cells are, and translate is dear)
create or replace temp macro half_width(t) as
case when strlen(t) = length(t) then t else translate(
    t,
    '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ．，：／－＋％（）　',
    '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.,:/-+%() '
) end;

-- 1234.5 · 1,234.50 · ¥1234.5 · 1234.5元 · 1.5E7 (no digits are lost by a positive exponent); 1,23 is not a number
create or replace temp macro number_text(t) as
case
    when regexp_full_match(t, '[+-]?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]{0,18})?([eE]\+?[0-9]{1,2})?')
        then replace(t, ',', '')
    when regexp_full_match(t, '[+-]?\.[0-9]{1,18}') then replace(t, '.', '0.')
end;

create or replace temp macro exact_value(t) as
case
    when regexp_full_match(t, '[0-9]{1,18}(\.[0-9]{1,18})?') then try_cast(t as decimal(38, 18))
    else try_cast(number_text(regexp_replace(half_width(t), '^([+-]?) *[¥￥] *|( *元)$', '\1')) as decimal(38, 18))
end;

create or replace temp macro fen_rounded(x) as
try_cast(round_even(x, 2) as decimal(18, 2));

create or replace temp macro whole_value(t) as
case when regexp_full_match(half_width(t), '[+-]?[0-9]{1,18}') then try_cast(half_width(t) as bigint) end;

create or replace temp macro double_value(t) as
case
    when regexp_full_match(half_width(t), '[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?')
        then try_cast(half_width(t) as double)
end;

-- a plain number is a fraction from 0 to 1; above 1 it may be meant in percent, and is not guessed; 12.5% is 0.125
create or replace temp macro fraction_value(t) as
case
    when regexp_full_match(half_width(t), '[0-9]+(\.[0-9]*)? *%')
        then try_cast(trim(replace(half_width(t), '%', '')) || 'e-2' as double)
    when double_value(t) between 0 and 1
        then double_value(t)
end;

create or replace temp macro day_text(t) as
regexp_replace(
    regexp_replace(half_width(t), '^([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?', '\1-\2-\3'),
    '^([0-9]{4})([0-9]{2})([0-9]{2})(?:$|( ))', '\1-\2-\3\4'
);

create or replace temp macro is_day(t) as
regexp_full_match(day_text(t), '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}');

-- 2018-09-03 · 2018/9/3 · 2018.9.3 · 20180903 · 2018年9月3日, then 08:05[:06[.789]] or 080506 if there is a time; no zones
create or replace temp macro time_text(t) as
regexp_replace(
    regexp_replace(day_text(t), '^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{6})$', '\1-\2-\3 \4'),
    ' ([0-9]{2})([0-9]{2})([0-9]{2})$', ' \1:\2:\3'
);

create or replace temp macro time_value(t) as
case
    when regexp_full_match(t, '[12][0-9]{3}-[0-9]{2}-[0-9]{2}( ([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?)?')
        then try_cast(t as timestamp)
    when
        regexp_full_match(
            time_text(t),
            '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T]+([01]?[0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?'
        )
        and regexp_matches(time_text(t), '^([12]|9999)')
        then try_cast(time_text(t) as timestamp)
end;

create or replace temp macro day_value(t) as
cast(time_value(t) as date);

create or replace temp macro truth_value(t) as
case
    when lower(half_width(t)) in ('true', 't', 'yes', 'y', '1', '是', '有', '真') then true
    when lower(half_width(t)) in ('false', 'f', 'no', 'n', '0', '否', '无', '假') then false
end;

-- a spreadsheet has rewritten 6222021234567890123 as 6.22202E+18: several accounts would become one
create or replace temp macro id_value(t) as
case
    when not regexp_full_match(half_width(t), '[0-9]\.[0-9]+[eE]\+?[0-9]{1,2}|[0-9][eE]\+[0-9]{1,2}') then half_width(t)
end;

create or replace temp macro coded(t, n) as
(
    select codes.code
    from codes
    where codes.name = n and codes.word = lower(replace(half_width(t), ' ', ''))
);
