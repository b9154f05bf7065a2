-- How is each version doing, beside the one that it should match?
select $model as model, version, role, requests,
       pct(errors, requests)    as error_pct,
       pct(timeouts, requests)  as timeout_pct,
       pct(fallbacks, requests) as fallback_pct,
       p50_ms, p95_ms, p99_ms, verdict,
       reference, smallest_ratio_seen, failing_p, slower_p,
       case when verdict <> 'worse' then '≥ ' || printf('%.1f', smallest_ratio_seen) || '×' end as sees
from   version_health($model, $since, $until, $step)
order  by role = 'live' desc, requests desc
