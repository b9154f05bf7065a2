-- Would moving traffic from one version ($version) to another ($other) help, or did both get worse together?
with began as (
    select coalesce((select since_at from failing_since($model, $version, $since, $until, $step)),
                    $since + ($until - $since) / 2) as since_at
), cells as (
    select coalesce(sum(n) filter (version = $version and bucket_start <  since_at), 0) / mean_weight()                      as a0,
           coalesce(sum(n) filter (version = $version and bucket_start >= since_at), 0) / mean_weight()                      as a1,
           coalesce(sum(n) filter (version = $other   and bucket_start <  since_at), 0) / mean_weight()                      as b0,
           coalesce(sum(n) filter (version = $other   and bucket_start >= since_at), 0) / mean_weight()                      as b1,
           coalesce(sum(n) filter (version = $version and bucket_start <  since_at and failed(outcome)), 0) / mean_weight() as ka0,
           coalesce(sum(n) filter (version = $version and bucket_start >= since_at and failed(outcome)), 0) / mean_weight() as ka1,
           coalesce(sum(n) filter (version = $other   and bucket_start <  since_at and failed(outcome)), 0) / mean_weight() as kb0,
           coalesce(sum(n) filter (version = $other   and bucket_start >= since_at and failed(outcome)), 0) / mean_weight() as kb1
    from   requests cross join began
    where  model = $model and role <> 'shadow' and bucket_start >= $since and bucket_start < $until
), rates as (
    -- half an event is added to each side, so that no failure at all is not certainty
    select *, (ka0 + 0.5) / (a0 + 1) as pa0, (ka1 + 0.5) / (a1 + 1) as pa1, (kb0 + 0.5) / (b0 + 1) as pb0, (kb1 + 0.5) / (b1 + 1) as pb1
    from   cells
), moved as (
    -- difference in differences; a version that was never seen well has no before, and the levels are compared instead
    select *, least(a0, b0) >= 50 as has_before, least(a1, b1) >= 50 as has_after,
           (pa1 - pa0) - case when least(a0, b0) >= 50 then pb1 - pb0 else 0 end as did,
           pa1 - pb1 as gap, pa1 - pa0 as rise,
           sqrt(pa0 * (1 - pa0) / (a0 + 1) + pa1 * (1 - pa1) / (a1 + 1))         as rise_se,
           sqrt(pa0 * (1 - pa0) / (a0 + 1) + pa1 * (1 - pa1) / (a1 + 1)
                + pb0 * (1 - pb0) / (b0 + 1) + pb1 * (1 - pb1) / (b1 + 1))       as did_se,
           sqrt(pa1 * (1 - pa1) / (a1 + 1) + pb1 * (1 - pb1) / (b1 + 1))         as gap_se
    from   rates
), bounded as (
    -- 2.576: 99 in 100
    select *, 100 * case when has_before then did else gap end as difference_pct,
           100 * case when has_before then did - 2.576 * did_se else gap - 2.576 * gap_se end as low_pct,
           100 * case when has_before then did + 2.576 * did_se else gap + 2.576 * gap_se end as high_pct
    from   moved
), judged as (
    select *,
           case when not has_after                                                           then 'cannot tell'
                when low_pct > 0                                                             then 'helps'
                when has_before and rise > 2.576 * rise_se and high_pct < 100 * rise / 2     then 'will not help'
                else 'cannot tell' end as verdict
    from   bounded
)
select $version as version, $other as other, verdict, since_at,
       case when a0 > 0 then pct(ka0, a0) end as before_pct,       case when a1 > 0 then pct(ka1, a1) end as after_pct,
       case when b0 > 0 then pct(kb0, b0) end as other_before_pct, case when b1 > 0 then pct(kb1, b1) end as other_after_pct,
       case when has_after then difference_pct end as difference_pct,
       case when has_after then low_pct end as low_pct, case when has_after then high_pct end as high_pct,
       a1 * mean_weight() as requests, b1 * mean_weight() as other_requests,
       case verdict
            when 'helps' then 'It should help: ' || $version || ' fails '
                || case when has_before then printf('%.1f points more than it would have, had it moved like ', difference_pct)
                        else printf('%.1f points more often than ', difference_pct) end
                || $other || printf(' (%.1f to %.1f)', low_pct, high_pct) || ' since ' || said_at(since_at) || '.'
            when 'will not help' then 'It will not help: ' || $version || ' and ' || $other || ' got worse together since '
                || said_at(since_at) || printf(' (%.1f and %.1f points), so the cause is upstream of both.', 100 * rise, 100 * (pb1 - pb0))
            else 'Cannot tell whether it helps: '
                || case when not has_after and b1 < 50 then $other || ' has not served beside ' || $version || ' in this window.'
                        when not has_after then $version || ' has served too few requests in this window.'
                        else printf('%s fails %.1f points more than %s, and %.1f to %.1f would fit as well.',
                                    $version, difference_pct, $other, low_pct, high_pct) end end as sentence
from   judged cross join began
