-- number_checks: what is wrong with each number of a party, taken as an identity number and as a credit code
-- grain:   one row per number that is written anywhere, in upper case
-- inputs:  parties, party_records; the macros of check_digits
-- params:  none
--
-- Apart from where the answers are used, since the checks take long to plan: once here, not once for each use.
create or replace temp table number_checks as
with numbers as (
    select upper(id_number) as number from parties
    union
    select upper(uscc) as number from parties
    union
    select upper(written_number) as number from party_records
)

select
    number,
    identity_reason(number) as identity_reason,
    uscc_reason(number) as uscc_reason
from numbers
where number is not null;
