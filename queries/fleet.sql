-- How is every model doing, the worst first?
with models as (
    select model, sum(n)::bigint as requests, max(last_at) as last_at
    from   requests
    where  last_at >= $since and first_at < $until
    group  by model
), judged as (
    select models.model, models.last_at, h.version, h.role, h.verdict, h.requests, h.errors, h.timeouts, h.p95_ms, h.failures
    from   models, version_health(models.model, $since, $until, $step) as h
)
select model,
       arg_max(verdict, rank) as verdict,
       arg_max(version, rank) as version,
       sum(requests)::bigint as requests,
       pct(sum(errors), sum(requests)) as error_pct,
       pct(sum(timeouts), sum(requests)) as timeout_pct,
       arg_max(p95_ms, rank) as p95_ms,
       max(last_at) as last_at
from   (select *, case verdict when 'worse' then 3 when 'cannot tell' then 1 else 2 end + failures / greatest(requests, 1)::double as rank from judged)
group  by model
order  by max(rank) desc, model
