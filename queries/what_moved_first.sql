-- What moved first: which inputs, whose errors, whose latency, in the order in which they began to move?
with health as (
    select * from version_health($model, $since, $until, $step)
), failing as (
    select 'failures of ' || h.version as what, 'failures' as kind, f.since_at,
           said_pct(pct(reference_failures, reference_requests)) as was, said_pct(pct(failures, requests)) as now
    from   health as h left join lateral (from failing_since($model, h.version, $since, $until, $step)) as f on true
    where  fails_more
), slower as (
    select 'latency of ' || h.version as what, 'latency' as kind, s.since_at,
           'p95 ' || said_ms(reference_p95_ms) as was, 'p95 ' || said_ms(p95_ms) as now
    from   health as h
           left join lateral (from slow_since($model, h.version, $since, $until, $step, h.reference_p95_ms)) as s on true
    where  is_slower
), columns as (
    select "column" as what, 'drift' as kind,
           (select since_at from drift_since($model, $version, $since, $until, $baseline, $step, $psi_limit, $alpha) as s
            where  s."column" = m."column") as since_at,
           null as was, 'PSI ' || printf('%.2f', psi) as now
    from   drift_measures($model, $version, $since, $until, $baseline, $psi_limit, $alpha) as m
    where  verdict = 'drifted'
), moved as (
    from failing union all from slower union all from columns
)
select what, kind, since_at, was, now, rank() over (order by since_at nulls last)::integer as place
from   moved
order  by place, kind, what
