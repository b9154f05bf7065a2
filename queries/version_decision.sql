-- What to do about the second of two versions, and why, in one sentence?
with chosen as (
    select (select a_version from compared_pair($model, $version, $other, $since, $until)) as a_version,
           (select b_version from compared_pair($model, $version, $other, $since, $until)) as b_version
), rows as (
    from version_rows($model, (select a_version from chosen), (select b_version from chosen), $since, $until, $step, $psi_limit, $alpha)
), back as (
    -- the same the other way round: is a worse than b?
    from compared_rates($model, (select b_version from chosen), (select a_version from chosen), $since, $until, $step)
), facts as (
    select (select struct_pack(verdict, a, b, low, high, detectable) from rows where measure = 'failed_pct') as failed,
           (select struct_pack(verdict, a, b, low, high, detectable) from rows where measure = 'p95_ms')     as p95,
           (select struct_pack(verdict, a, b, low, high, detectable) from rows where measure = 'wrong_pct')  as wrong,
           (select struct_pack(verdict, a, b, low, high, detectable) from rows where measure = 'differ_pct') as differ,
           (select struct_pack(verdict, b) from rows where measure = 'share_pct')                            as share,
           (select b from rows where measure = 'asked_pct')                                                  as asked_pct,
           (select b from rows where measure = 'pairs')                                                     as pair_n,
           (select p <= failing_alpha() and b_rate > a_rate from back where kind = 'failed')                           as is_better,
           (select string_agg(replace(measure, '_pct', '') || ' ' || said_pct(b) || ' (' || said_pct(a) || ')', ', ' order by place)
            from rows where verdict = 'worse' and measure in ('error_pct', 'timeout_pct', 'fallback_pct'))  as kinds,
           (select replace(measure, '_pct', '') from rows where place > 5 and place < 6 and verdict = 'worse' order by place limit 1) as first_kind,
           (select b from rows where measure = 'requests')                                                  as b_n,
           (select a from rows where measure = 'requests')                                                  as a_n,
           (select arg_max(role, last_at) = 'shadow' from requests
            where model = $model and version = b_version and bucket_start >= $since and bucket_start < $until) as is_shadow
    from   chosen
), judged as (
    select *, coalesce(failed.verdict = 'worse', false)                                      as fails,
           coalesce(p95.verdict = 'worse' and p95.b > 1.2 * p95.a, false)                    as is_slow,
           coalesce(wrong.verdict = 'worse', false)                                          as errs,
           coalesce(differ.verdict = 'worse', false)                                         as differs,
           case when fails or is_slow or errs or differs then 'worse'
                when failed.verdict = 'not shown worse' and failed.high <= 1 + 0.5 * failed.a and p95.verdict = 'not shown worse'
                     and coalesce(differ.verdict, 'not shown worse') = 'not shown worse' then 'not shown worse'
                else 'cannot tell' end                                                       as verdict
    from   facts
), reasons as (
    select case when fails then said_pct(failed.b) || ' of its requests fail, ' || a_version || ' ' || said_pct(failed.a)
                     || printf(' (%+.1f to %+.1f points)', failed.low, failed.high) || coalesce('; ' || kinds, '')
                     || coalesce('; most of all ' || first_kind, '') end                                            as of_failing,
           case when is_slow or (fails and p95.verdict = 'worse')
                then 'p95 ' || said_ms(p95.b) || ' (' || case when fails then '' else a_version || ' ' end || said_ms(p95.a) || ')' end as of_slowness,
           case when errs then said_pct(wrong.b) || ' of its labelled answers are wrong, ' || a_version || ' ' || said_pct(wrong.a)
                     || printf(' (%+.1f to %+.1f points)', wrong.low, wrong.high) end                               as of_wrongness,
           case when differs then printf('%s of %.0f pairs differ from ', said_pct(differ.b), pair_n) || a_version
                     || printf(' (%.1f to %.1f %%)', differ.low, differ.high) end                                   as of_differing
    from   judged cross join chosen
)
select a_version, b_version, verdict,
       case when b_version is null then 'Only one version has served in this window; there is nothing to compare it with.'
            when coalesce(a_n, 0) = 0 or coalesce(b_n, 0) = 0 then
                 case when coalesce(a_n, 0) = 0 then a_version else b_version end || ' has not served in this window; widen it to compare them.'
            when verdict = 'worse' then
                 case when is_shadow then 'Do not promote ' else 'Roll back ' end || b_version || ': '
                 || array_to_string(list_filter([of_failing, of_slowness, of_wrongness, of_differing], lambda x: x is not null), '; ') || '.'
            when coalesce(is_better, false) then
                 'Prefer ' || b_version || ': fewer of its requests fail, ' || said_pct(failed.b) || ' (' || a_version || ' ' || said_pct(failed.a) || ').'
            when verdict = 'not shown worse' then
                 'Go on with ' || b_version || ': ' || said_pct(failed.b) || ' fail (' || a_version || ' ' || said_pct(failed.a)
                 || printf('), a rise of more than %.1f points is ruled out', greatest(failed.high, 0))
                 || case when pair_n > 0 then printf('; %s of %.0f pairs differ', said_pct(differ.b), pair_n) else '' end || '.'
            else 'Wait: ' || coalesce(printf('%.0f', b_n), '0') || ' requests of ' || b_version || ' do not decide it'
                 || coalesce(printf('; a rise of %.1f points would have shown', failed.detectable), '') || '.' end
       || case when share.verdict = 'worse' and coalesce(a_n, 0) > 0 and coalesce(b_n, 0) > 0
               then ' Traffic is not split as asked: ' || b_version || ' gets ' || said_pct(share.b) || ' instead of ' || said_pct(asked_pct) || '.'
               else '' end as sentence,
       failed.a as a_failed_pct, failed.b as b_failed_pct, failed.low, failed.high, failed.detectable
from   judged cross join chosen cross join reasons
