-- casts: how the text of a cell becomes a value; null where it does not, never a guess
-- grain:   macros over one text
-- inputs:  codes(name, words, codes), of profiles/codes.toml
-- params:  none
--
-- A text reaches the macros trimmed and without ="…" (staging.clean), empty being null. What is not null and gives null here
-- sets its row apart. Macros `for profiles` take and give text, so that a reason can show what was written. Amounts are read
-- exactly (18 decimals) and rounded half-even to the fen: a plain cast rounds half up.
-- (a text with as many bytes as characters is ASCII: most cells are, and translate is dear)
create or replace temp macro half_width(t) as
case when strlen(t) = length(t) or not regexp_matches(t, '[\x{3000}\x{ff00}-\x{ff5e}]') then t else translate(
    t,
    '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ．，：／－＋％（）　',
    '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.,:/-+%() '
) end;

-- a quote before (and after) a number marks it as text in a spreadsheet: '6222021234567890
create or replace temp macro unmarked(t) as
case when contains(t, '''') then nullif(regexp_replace(t, '^''+|''+$', '', 'g'), '') else t end;

-- the number of an amount without what stands around it: ¥5 · -￥5 · ￥-5 · CNY 5 · 5元 · (5), which is -5 · 5万元, which is 5E4
create or replace temp macro amount_text(t) as
regexp_replace(
    regexp_replace(
        regexp_replace(
            regexp_replace(
                replace(half_width(unmarked(t)), '−', '-'),
                '^(\(?) *([+-]?) *(?:[¥￥]|CNY|RMB|人民币)? *([+-]?) *| *(?:元|圆)? *(?:CNY|RMB|人民币)? *(\)?)$',
                '\1\2\3\4',
                'gi'
            ),
            ' *万(\)?)$', 'E4\1'
        ),
        ' *亿(\)?)$', 'E8\1'
    ),
    '^\(([0-9.][^()]*)\)(E[48])?$', '-\1\2'
);

-- 1,234.50 · 1 234.50 with hard or thin blanks · .5 · 1.5E7 (no digits are lost by a positive exponent)
-- 1,23 · 0,123 · 1.234.5 · 1,234,5 · 1 234 · (-5) are no numbers: they can be read in more than one way
create or replace temp macro number_text(t) as
case
    when regexp_full_match(t, '[+-]?([1-9][0-9]{0,2}(,[0-9]{3})+|[0-9]+)(\.[0-9]{0,18})?([eE]\+?[0-9]{1,2})?')
        then replace(t, ',', '')
    when regexp_full_match(t, '[+-]?\.[0-9]{1,18}([eE]\+?[0-9]{1,2})?')
        then replace(t, '.', '0.')
    when
        regexp_full_match(
            t, '[+-]?[1-9][0-9]{0,2}([\x{00a0}\x{2007}\x{2009}\x{202f}][0-9]{3})+(\.[0-9]{0,18})?([eE]\+?[0-9]{1,2})?'
        )
        then regexp_replace(t, '[\x{00a0}\x{2007}\x{2009}\x{202f}]', '', 'g')
end;

-- (a list gives what a macro is given a name: it writes that once for each time it is named, and nested ones multiply)
create or replace temp macro plain_number(t) as
[number_text(number) for number in [amount_text(t)]][1];

create or replace temp macro exact_value(t) as
case
    when regexp_full_match(t, '[0-9]{1,18}(\.[0-9]{1,18})?') then try_cast(t as decimal(38, 18))
    when regexp_full_match(t, '[+-]?([1-9][0-9]{0,2}(,[0-9]{3}){1,5}|[0-9]{1,18})(\.[0-9]{1,18})?')
        then try_cast(replace(t, ',', '') as decimal(38, 18))
    else try_cast(plain_number(t) as decimal(38, 18))
end;

-- for profiles: an amount stated in 万元; one that itself says 元 contradicts that, and is no amount any more
create or replace temp macro wan(t) as
case when regexp_matches(t, '万元?$') then t else t || '万元' end;

-- for profiles: 131.77(已退款89.84) is 131.77, of which 89.84 came back; 50.00(已全额退款) is 50.00, all of it back
create or replace temp macro amount_before_note(t) as
regexp_replace(t, '^([^(（]*[0-9元]) *[(（](?:已|已全额|全额)?退款[^()（）]*[)）]$', '\1');

create or replace temp macro refund_in_note(t) as
case
    when regexp_matches(t, '全额退款') then nullif(amount_before_note(t), t)
    else nullif(regexp_extract(t, '退款 *[:：(（]? *([¥￥]?[0-9][0-9,]*(?:\.[0-9]+)?) *元?[)）]*$', 1), '')
end;

create or replace temp macro fen_rounded(x) as
try_cast(round_even(x, 2) as decimal(18, 2));

-- Most cells are written as the value itself would be (1234.50, 2018-09-03 08:05:06): that the value is written so again
-- proves it, in a tenth of the time that the patterns take.
create or replace temp macro fen_value(t) as
case
    when cast(try_cast(t as decimal(18, 2)) as text) = t then try_cast(t as decimal(18, 2))
    else fen_rounded(exact_value(t))
end;

-- what rounding to the fen took away; null for nothing
create or replace temp macro fen_rest(t, v) as
case when cast(v as text) <> t then nullif(exact_value(t) - v, 0) end;

create or replace temp macro whole_value(t) as
case
    when strlen(t) <= 18 and cast(try_cast(t as bigint) as text) = t then try_cast(t as bigint)
    when regexp_full_match(half_width(unmarked(t)), '[+-]?([0-9]{1,18}|[1-9][0-9]{0,2}(,[0-9]{3}){1,5})')
        then try_cast(replace(half_width(unmarked(t)), ',', '') as bigint)
end;

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

-- 2018-09-03 · 2018/9/3 · 2018.9.3 · 20180903 · 2018年9月3日 as 2018-9-3, what follows (a time) after one blank
create or replace temp macro day_text(t) as
rtrim(
    regexp_replace(
        regexp_replace(
            half_width(unmarked(t)),
            '^([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})(?:日[ T]*|[ T]+|$)', '\1-\2-\3 '
        ),
        '^([0-9]{4})([0-9]{2})([0-9]{2})(?:[ T]+|([0-9]{6})$|$)', '\1-\2-\3 \4'
    )
);

create or replace temp macro is_day(t) as
case
    when contains(t, ':') then false
    else regexp_full_match(day_text(t), '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}')
end;

-- a time at the end as 8:05:06, be it 080506, 80506 or 8时5分6秒; 805 can be two times, and stays
create or replace temp macro clock_text(t) as
case
    when regexp_matches(t, '[时点]')
        then regexp_replace(
            regexp_replace(
                regexp_replace(t, '([0-9]{1,2})[时点]([0-9]{1,2})分(?:([0-9]{1,2})秒)?$', '\1:0\2:0\3'),
                ':0([0-9]{2})', ':\1', 'g'
            ),
            ':0$', ''
        )
    else regexp_replace(t, '(^| )([0-9]{1,2})([0-9]{2})([0-9]{2})$', '\1\2:\3:\4')
end;

-- a day as above, then 8:05[:06[.789]] if there is a time; no zones, no days that no calendar has, nothing before 1900
create or replace temp macro time_text(t) as
clock_text(day_text(t));

create or replace temp macro time_value(t) as
case
    when
        cast(try_cast(t as timestamp) as text) = t
        and try_cast(t as timestamp) between timestamp '1900-01-01 00:00:00' and timestamp '9999-12-31 23:59:59'
        then try_cast(t as timestamp)
    when
        regexp_full_match(
            t, '(19|[2-9][0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}( ([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?)?'
        )
        then try_cast(t as timestamp)
    else try_cast(
        regexp_extract(
            time_text(t),
            '^(19|[2-9][0-9])[0-9]{2}-[0-9]{1,2}-[0-9]{1,2}( ([01]?[0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?$'
        ) as timestamp
    )
end;

-- for profiles: day and time in two columns, 20180903 and 080506; a day that a workbook wrote as midnight counts as a day
create or replace temp macro day_and_time(d, t) as
case
    when t is null then d
    else regexp_replace(day_text(coalesce(d, '?')), ' 0?0:00(:00(\.0+)?)?$', '') || ' ' || half_width(unmarked(t))
end;

-- for profiles of workbooks: a plain number in a date column counts days since 1899-12-30, or 1904-01-01 in such a workbook;
-- only five digits are taken for that (years 1927 to 2173): 2018 and 201809 are something else. Text is left as it is
create or replace temp macro serial_day(t, base1904) as
case
    when regexp_full_match(t, '[1-9][0-9]{4}(\.0+)?')
        then strftime(if(base1904, date '1904-01-01', date '1899-12-30') + cast(cast(t as double) as integer), '%Y-%m-%d')
    when regexp_full_match(t, '[1-9][0-9]{4}\.[0-9]{1,18}')
        then strftime(
            if(base1904, timestamp '1904-01-01', timestamp '1899-12-30')
            + to_seconds(cast(round(cast(t as double) * 86400) as bigint)),
            '%Y-%m-%d %H:%M:%S'
        )
    else t
end;

create or replace temp macro day_value(t) as
cast(time_value(t) as date);

create or replace temp macro truth_value(t) as
case
    when t = 'false' then false
    when t = 'true' then true
    when lower(half_width(t)) in ('true', 't', 'yes', 'y', '1', '是', '有', '真') then true
    when lower(half_width(t)) in ('false', 'f', 'no', 'n', '0', '否', '无', '假') then false
end;

-- characters that nobody sees, of no meaning in a number: marks of direction (U+200E), widths of nothing, byte order marks
create or replace temp macro visible(t) as
case when strlen(t) = length(t) then t else regexp_replace(
    t, '[\x{00ad}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2064}\x{2066}-\x{2069}\x{feff}]', '', 'g'
) end;

-- a number without what spreadsheets and pages leave in it: what nobody sees, hard blanks for blanks, a quote or backtick that
-- marks a text. Only where letters and digits are left: an id that holds other marks stays what it is
create or replace temp macro bare_id(t) as
case
    when not regexp_matches(t, '[^0-9A-Za-z]') then t
    when not regexp_matches(visible(t), '[^0-9A-Za-z０-９_''`´‘’＇\x{00a0}\x{2007}\x{202f} ]')
        then trim(
            regexp_replace(
                regexp_replace(visible(t), '^[''`´‘’＇]+|[''`´‘’＇]+$', '', 'g'), '[\x{00a0}\x{2007}\x{202f}]', ' ', 'g'
            )
        )
    else t
end;

-- a spreadsheet keeps 15 digits of a number: 6222021234567890123 became 6.22202E+18 or 6.2220212345678901e+18, and several
-- accounts would become one. Marks of text and the blanks between groups of four digits are no part of an id
create or replace temp macro digits_kept(t) as
case
    when regexp_full_match(t, '#+|#[A-Z/0!?]+|[0-9]{6,}\.0+|[0-9]{1,3}(,[0-9]{3}){2,}|[0-9]+ ?[eE] ?\+ ?[0-9]{1,3}') then null
    when regexp_full_match(half_width(unmarked(t)), '[0-9]{4}( [0-9]{4}){2,4}( [0-9]{1,3})?')
        then replace(half_width(unmarked(t)), ' ', '')
    when
        not regexp_full_match(
            half_width(unmarked(t)),
            '[0-9]{1,3}[.,][0-9]* ?([eE] ?[+-]?|[x×*] ?10\^?\+?)[0-9]{1,4}|[0-9] ?[eE] ?[+-][0-9]{1,4}|[0-9]{16,}\.0*'
        )
        then half_width(unmarked(t))
end;

create or replace temp macro id_value(t) as
case
    when lower(t) in ('nan', 'null', 'none', 'inf', 'infinity') then null
    when not regexp_matches(t, '[^0-9A-Za-z]') then t
    else [digits_kept(bare) for bare in [bare_id(t)]][1]
end;

-- for profiles: the number of a card to which a police inquiry has added _1 or _156_1
create or replace temp macro card_number(t) as
regexp_replace(bare_id(t), '^([0-9０-９]{8,})(?:_[0-9]{1,3})+$', '\1');

-- the code of a word, by its place among the words of a column (profiles/codes.toml)
create or replace temp macro code_in(t, words, codes) as
coalesce(codes[list_position(words, t)], codes[list_position(words, lower(replace(half_width(t), ' ', '')))]);

-- for profiles: the same by the name of a column, coded(t, 'flows.direction')
create or replace temp macro coded(t, n) as
code_in(
    t,
    (select codes.words from codes where codes.name = n),
    (select codes.codes from codes where codes.name = n)
);
