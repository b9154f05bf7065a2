-- Does each version hold what is asked of it: in the objective's own window, up to now or to when it last served?
with held as (
    select version, role, metric || case when "column" <> '' then ' of ' || "column" else '' end as objective,
           case when minimum is not null then '≥ ' || said_measure(metric, minimum) else '' end
               || case when minimum is not null and maximum is not null then ', ' else '' end
               || case when maximum is not null then '≤ ' || said_measure(metric, maximum) else '' end as asked,
           said_measure(metric, value) as found, said_measure(metric, low) || ' to ' || said_measure(metric, high) as bounds,
           verdict,
           case when verdict <> 'missed' then said_measure(metric, would_show) end as would_show,
           width_s as window_s, rows::bigint as rows, source, last_at >= $since as serves, last_at,
           metric, "column", value, low, high, minimum, maximum, would_show as would_show_value
    from   held_objectives($model, $until, epoch($until - $since), $now)
)
from held
union all by name
select null as version, 'none is declared' as objective, 'cannot tell' as verdict, '[[objectives.rule]] in clawpipe.toml' as asked, false as serves
where  not exists (from asked_objectives($model))
order  by serves desc, verdict = 'missed' desc, verdict = 'cannot tell' desc, last_at desc, version, objective
