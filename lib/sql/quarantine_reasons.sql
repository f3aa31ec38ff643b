-- quarantine_reasons: why rows were set apart, and how many of them are corrected; `name` is the file, and in it the member and
--                     the sheet; line 0: all of it
-- grain:   one row per file and kind of reason, whatever values the reasons quote; the most frequent first
-- inputs:  quarantine, sources, corrections
-- params:  none
--
-- `reason` is that of the first row, `kind` what all of them say. Values stand in quotes; where rows contradict each other,
-- or a sheet of corrections its source, values and places stand bare.
with told as (
    select
        quarantine.source_id,
        quarantine.line,
        quarantine.reason,
        corrections.line is not null as is_corrected,
        regexp_replace(quarantine.reason, '"(?:[^"\\]|\\.)*"', '"…"', 'g') as quoted
    from quarantine
    left join corrections on quarantine.source_id = corrections.source_id and quarantine.line = corrections.line
),

kinds as (
    select
        *,
        case
            when contains(quoted, '行矛盾: ')
                then regexp_replace(
                    regexp_replace(
                        quoted, '与 .* 第 [0-9]+ 行矛盾: ([^ ]+) .* 的([^ ]+?)此处为 .*', '与另一行矛盾: \1 … 的\2此处为 …, 该处为 …'
                    ),
                    'contradicts .*, line [0-9]+: ([^ ]+) of .* in ([^ ]+) is .*',
                    'contradicts another row: \1 of … in \2 is … here and … there'
                )
            when contains(quoted, '行已有另一份更正')
                then regexp_replace(
                    regexp_replace(quoted, '第 [0-9]+ (行已有另一份更正) \(.*\)', '第 … \1 (…)'),
                    'line [0-9]+ (was corrected otherwise) \(.*\)', 'line … \1 (…)'
                )
            when contains(quoted, '没有这一隔离行') then regexp_replace(quoted, '〔行号〕 [^\n]*?: ', '〔行号〕 …: ', 'g')
            else quoted
        end as kind
    from told
)

select
    sources.source_id,
    sources.corrects,
    concat_ws(' » ', sources.name, nullif(sources.member, ''), nullif(sources.sheet, '')) as name,
    arg_min(kinds.reason, kinds.line) as reason,
    case when min(kinds.reason) = max(kinds.reason) then min(kinds.reason) else kinds.kind end as kind,
    count(*) as n,
    count(*) filter (where kinds.is_corrected) as n_corrected,
    min(kinds.line) as first_line
from kinds
inner join sources on kinds.source_id = sources.source_id
group by sources.source_id, sources.corrects, sources.name, sources.member, sources.sheet, sources.seq, kinds.kind
order by n desc, sources.seq asc, kind asc;
