-- check_digits: whether identity numbers, unified social credit codes and card numbers can be right, by their own check digits
-- grain:   macros over one text; the answer is a code of `flags.reason`, null where nothing is wrong or nothing can be said
-- inputs:  none
-- params:  none
--
-- Texts come in half width and upper case. A masked number (with *) cannot be checked. No list of regions is used: real numbers
-- carry codes that have been abolished since.
create or replace temp macro nth_digit(t, n) as
ascii(substring(t, n, 1)) - 48;

create or replace temp macro hides_digits(t) as
contains(t, '*') or contains(t, 'XX');

-- a calendar's day from 1900 on, written YYYYMMDD
create or replace temp macro is_birth_date(t) as
coalesce(try_strptime(t, '%Y%m%d') >= date '1900-01-01', false);

-- GB 11643-1999 (ISO 7064, MOD 11-2): the i-th of 17 digits weighs 2^(18 - i) mod 11; the rest picks the check character
create or replace temp macro identity_check(t) as
substring(
    '10X98765432',
    1 + (
        7 * nth_digit(t, 1) + 9 * nth_digit(t, 2) + 10 * nth_digit(t, 3) + 5 * nth_digit(t, 4) + 8 * nth_digit(t, 5)
        + 4 * nth_digit(t, 6) + 2 * nth_digit(t, 7) + 1 * nth_digit(t, 8) + 6 * nth_digit(t, 9) + 3 * nth_digit(t, 10)
        + 7 * nth_digit(t, 11) + 9 * nth_digit(t, 12) + 10 * nth_digit(t, 13) + 5 * nth_digit(t, 14) + 8 * nth_digit(t, 15)
        + 4 * nth_digit(t, 16) + 2 * nth_digit(t, 17)
    ) % 11,
    1
);

-- 15 digits (before 1999) hold a day of 19YY and no check digit. Passports, permits of Hong Kong, Macau and Taiwan, officers'
-- cards are other numbers: a letter first, or fewer than 14 digits in another writing
create or replace temp macro identity_reason(t) as
case
    when hides_digits(t) then null
    when regexp_full_match(t, '[0-9]{17}[0-9X]')
        then case
            when not is_birth_date(substring(t, 7, 8)) then 'bad_birth_date'
            when identity_check(t) <> substring(t, 18, 1) then 'bad_check_digit'
        end
    when regexp_full_match(t, '[0-9]{15}')
        then case when not is_birth_date('19' || substring(t, 7, 6)) then 'bad_birth_date' end
    when regexp_full_match(t, '[0-9]{8}|[A-Z]{1,3}[0-9]{6,12}') then null
    when regexp_full_match(t, '[0-9]+X?') then 'bad_length'
    when length(regexp_replace(t, '[^0-9]', '', 'g')) >= 14 then 'bad_alphabet'
end;

-- the 18 digits of a person whose number has 15: the century of those who had one is 19
create or replace temp macro identity_18(t) as
case
    when length(t) <> 15 then t
    else substring(t, 1, 6) || '19' || substring(t, 7, 9) || identity_check(substring(t, 1, 6) || '19' || substring(t, 7, 9))
end;

-- typed because something had to be: up to two different characters (beside the century and the check digit of 18), or digits
-- in a row
create or replace temp macro is_placeholder(t) as
length(list_distinct(string_split(if(length(t) = 18, substring(t, 1, 6) || substring(t, 9, 9), t), ''))) <= 2
or contains('01234567890123456789012345678901234567890', t)
or contains('98765432109876543210987654321098765432109', t);

create or replace temp macro uscc_value(t, n) as
strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substring(t, n, 1)) - 1;

-- GB 32100-2015: the i-th of 17 characters weighs 3^(i - 1) mod 31
create or replace temp macro uscc_check(t) as
substring(
    '0123456789ABCDEFGHJKLMNPQRTUWXY',
    1 + (
        31
        - (
            1 * uscc_value(t, 1) + 3 * uscc_value(t, 2) + 9 * uscc_value(t, 3) + 27 * uscc_value(t, 4) + 19 * uscc_value(t, 5)
            + 26 * uscc_value(t, 6) + 16 * uscc_value(t, 7) + 17 * uscc_value(t, 8) + 20 * uscc_value(t, 9)
            + 29 * uscc_value(t, 10) + 25 * uscc_value(t, 11) + 13 * uscc_value(t, 12) + 8 * uscc_value(t, 13)
            + 24 * uscc_value(t, 14) + 10 * uscc_value(t, 15) + 30 * uscc_value(t, 16) + 28 * uscc_value(t, 17)
        ) % 31
    ) % 31,
    1
);

create or replace temp macro uscc_reason(t) as
case
    when contains(t, '*') or contains(t, 'XXX') then null  -- X is one of its characters: 91109904MA000573XX is whole
    when length(t) <> 18 then 'bad_length'
    when not regexp_full_match(t, '[0-9A-HJ-NP-RTUW-Y]{18}') then 'bad_alphabet'
    when uscc_check(t) <> substring(t, 18, 1) then 'bad_check_digit'
end;

-- the digits of twice the n-th digit, added up: 0 2 4 6 8 1 3 5 7 9
create or replace temp macro nth_doubled(t, n) as
strpos('0516273849', substring(t, n, 1)) - 1;

-- ISO/IEC 7812-1, annex B (Luhn), of 19 digits: from the right, every second digit doubled
create or replace temp macro luhn_sum(t) as
nth_digit(t, 1) + nth_doubled(t, 2) + nth_digit(t, 3) + nth_doubled(t, 4) + nth_digit(t, 5)
+ nth_doubled(t, 6) + nth_digit(t, 7) + nth_doubled(t, 8) + nth_digit(t, 9) + nth_doubled(t, 10)
+ nth_digit(t, 11) + nth_doubled(t, 12) + nth_digit(t, 13) + nth_doubled(t, 14) + nth_digit(t, 15)
+ nth_doubled(t, 16) + nth_digit(t, 17) + nth_doubled(t, 18) + nth_digit(t, 19);

-- only what has the form of a card number: passbooks and wallets have numbers of other forms. `padded` is t with zeros before
-- it, 19 digits, which change nothing (made once outside: lpad in each of the nineteen terms took four times as long)
create or replace temp macro card_reason(t, padded) as
case when regexp_full_match(t, '[0-9]{16,19}') and luhn_sum(padded) % 10 <> 0 then 'bad_check_digit' end;

-- A spreadsheet keeps 15 digits of a number and writes zeros for the others: 6222021234567890123 became 6222021234567890000. By
-- chance one number in 10 of 16 digits looks like that, of 17 one in 100, of 18 one in 1,000, of 19 one in 10,000. One zero
-- tells nothing.
create or replace temp macro may_be_cut(t) as
regexp_full_match(t, '[0-9]{15}0{2,4}');

-- what fails its check and may be cut, is: a sound one passes whatever zeros it ends in, a cut one passes once in ten times
create or replace temp macro or_cut(reason, t) as
if(reason = 'bad_check_digit' and may_be_cut(t), 'digits_lost', reason);

-- four zeros in 19 digits are enough without a check
create or replace temp macro is_cut(t) as
length(t) = 19 and suffix(t, '0000') and may_be_cut(t);
