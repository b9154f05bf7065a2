-- How do two versions behave in the same window: a, the one that is live or asked for, and b, beside it?
with chosen as (
    select (select a_version from compared_pair($model, $version, $other, $since, $until)) as a_version,
           (select b_version from compared_pair($model, $version, $other, $since, $until)) as b_version
), rows as (
    from version_rows($model, (select a_version from chosen), (select b_version from chosen), $since, $until, $step, $psi_limit, $alpha)
)
select measure, unit, a, b,
       -- of the share, b's beside what was asked for it
       case measure when 'asked_pct' then null when 'share_pct' then b - (select b from rows where measure = 'asked_pct') else b - a end
           as difference,
       verdict, low, high, detectable, a_version, b_version
from   rows cross join chosen
order  by place, measure
