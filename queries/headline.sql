-- Is the model in trouble: which version, how bad, since when, and have its inputs drifted?
with health as (
    select *, epoch(max(last_at) over ()) - epoch(last_at) as silent_s, epoch(last_at) - epoch(first_at) as span_s
    from   version_health($model, $since, $until, $step)
), serving as (
    -- a version is gone when, at its own rate, ten requests and five seconds should have come and did not
    select * from health where silent_s < 5 or silent_s * requests / greatest(span_s, 1) < 10
), worst as (
    select * from serving order by verdict = 'worse' desc, verdict = 'cannot tell' desc, failures / requests desc limit 1
), failing as (
    from failing_since($model, (select version from worst), $since, $until, $step)
), drifted as (
    select d."column", d.psi, u.categories
    from   drift_measures($model, null, $since, $until, $baseline, $psi_limit, $alpha) as d
           left join unseen_categories($model, null, $since, $until, $baseline) as u using ("column")
    where  d.verdict = 'drifted'
), drift as (
    select count(*) as columns_drifted,
           string_agg("column" || coalesce(' (new: ' || array_to_string(categories, ', ') || ')', ''), ', ' order by psi desc)
               as names
    from   drifted
), counted as (
    select worst.*, since_at, columns_drifted, names,
           case when worst.verdict = 'worse' then 'worse' when columns_drifted > 0 then 'drifted' else worst.verdict end
               as overall
    from   worst cross join drift left join failing on true
)
select overall as verdict, version,
       version || ' ' || verdict
           || case when lacks('outcome') then ': errors not in this log'
                   else ': errors ' || said_pct(pct(errors, requests)) || coalesce(' (' || reference || case when role = 'live' then ' before ' else ' ' end
                       || said_pct(pct(reference_errors, reference_requests)) || ')', '') end
           || case when timeouts > 0 then ', timeouts ' || said_pct(pct(timeouts, requests)) else '' end
           || coalesce(', p95 ' || said_ms(p95_ms), '') || case when is_slower then ' (' || said_ms(reference_p95_ms) || ')' else '' end
           || case when verdict = 'worse' then coalesce(' since ' || said_at(since_at), '')
                   else coalesce(' · could only see failures ≥ ' || printf('%.1f', smallest_ratio_seen) || '×', '') end
           || case when columns_drifted > 0 then ' · drift: ' || names else ' · no drift shown' end as sentence,
       columns_drifted, since_at, requests, pct(errors, requests) as error_pct,
       epoch($now) - epoch((select max(last_at) from requests where model = $model)) as lag_s,
       100 / mean_weight() as logged_pct, late_rows($since, $until, $now) as late_rows
from   counted
