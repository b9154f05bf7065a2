-- What to do about the second of two versions, and why, in one sentence?
with chosen as (
    select (select a_version from compared_pair($model, $version, $other, $since, $until)) as a_version,
           (select b_version from compared_pair($model, $version, $other, $since, $until)) as b_version
), rows as (
    from compared_versions($model, (select a_version from chosen), (select b_version from chosen), $since, $until, $step, $psi_limit, $alpha)
), back as (
    -- the same the other way round: is a worse than b?
    from compared_rates($model, (select b_version from chosen), (select a_version from chosen), $since, $until, $step)
), facts as (
    select (select struct_pack(verdict, a, b, low, high, detectable) from rows where measure = 'failed_pct') as failed,
           (select struct_pack(verdict, a, b, low, high, detectable) from rows where measure = 'p95_ms')     as p95,
           (select p <= failing_alpha() and b_rate > a_rate from back where kind = 'failed')                           as is_better,
           (select string_agg(replace(measure, '_pct', '') || ' ' || said_pct(b) || ' (' || said_pct(a) || ')', ', ' order by place)
            from rows where verdict = 'worse' and measure in ('error_pct', 'timeout_pct', 'fallback_pct'))  as kinds,
           (select b from rows where measure = 'requests')                                                  as b_n,
           (select a from rows where measure = 'requests')                                                  as a_n
), judged as (
    select *, case when failed.verdict = 'worse' or (p95.verdict = 'worse' and p95.b > 1.2 * p95.a) then 'worse'
                   when failed.verdict = 'not shown worse' and failed.high <= 1 + 0.5 * failed.a and p95.verdict = 'not shown worse'
                        then 'not shown worse'
                   else 'cannot tell' end as verdict
    from   facts
)
select a_version, b_version, verdict,
       case when b_version is null then 'Only one version has served in this window; there is nothing to compare it with.'
            when coalesce(a_n, 0) = 0 or coalesce(b_n, 0) = 0 then
                 case when coalesce(a_n, 0) = 0 then a_version else b_version end || ' has not served in this window; widen it to compare them.'
            when verdict = 'worse' and failed.verdict = 'worse' then
                 'Roll back ' || b_version || ': ' || said_pct(failed.b) || ' of its requests fail, ' || a_version || ' ' || said_pct(failed.a)
                 || printf(' (%+.1f to %+.1f points)', failed.low, failed.high) || coalesce('; ' || kinds, '')
                 || case when p95.verdict = 'worse' then '; p95 ' || said_ms(p95.b) || ' (' || said_ms(p95.a) || ')' else '' end || '.'
            when verdict = 'worse' then
                 'Roll back ' || b_version || ': it is slower, p95 ' || said_ms(p95.b) || ' (' || a_version || ' ' || said_ms(p95.a) || ').'
            when coalesce(is_better, false) then
                 'Prefer ' || b_version || ': fewer of its requests fail, ' || said_pct(failed.b) || ' (' || a_version || ' ' || said_pct(failed.a) || ').'
            when verdict = 'not shown worse' then
                 'Go on with ' || b_version || ': ' || said_pct(failed.b) || ' fail (' || a_version || ' ' || said_pct(failed.a)
                 || printf('), a rise of more than %.1f points is ruled out', greatest(failed.high, 0)) || '.'
            else 'Wait: ' || coalesce(printf('%.0f', b_n), '0') || ' requests of ' || b_version || ' do not decide it'
                 || coalesce(printf('; a rise of %.1f points would have shown', failed.detectable), '') || '.' end as sentence,
       failed.a as a_failed_pct, failed.b as b_failed_pct, failed.low, failed.high, failed.detectable
from   judged cross join chosen
