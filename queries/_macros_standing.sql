-- What objectives share: each version's measures in windows of several widths, with intervals that hold at every look.

-- how often requests went wrong in each way
create macro span_rates(for_model, widths, b) as table
    with counts as (
        select s.version, s.width_s, sum(n) / mean_weight() as rows,
               unnest(['failed_pct', 'error_pct', 'timeout_pct', 'fallback_pct', 'rejected_pct']) as metric,
               unnest([sum(n) filter (failed(outcome)), sum(n) filter (outcome = 'error'), sum(n) filter (outcome = 'timeout'),
                       sum(n) filter (outcome = 'fallback'), sum(n) filter (outcome = 'rejected')]) as found
        from   requests as r join version_spans(for_model, widths, b, true) as s
               on r.version = s.version and r.bucket_start >= s.from_at and r.bucket_start < s.to_at
        where  r.model = for_model and r.role <> 'shadow'
        group  by s.version, s.width_s
    ), known as (
        select *, coalesce(found, 0) / mean_weight() as k from counts where not lacks('outcome')
    )
    select version, width_s, metric, '' as "column", pct(k, rows) as value, low_pct(k, rows) as low, high_pct(k, rows) as high, rows
    from   known;

-- how long answers took
create macro span_latencies(for_model, widths, b) as table
    with counts as (
        select s.version, s.width_s, bucket, sum(n) / mean_weight() as n
        from   latencies as l join version_spans(for_model, widths, b, true) as s
               on l.version = s.version and l.bucket_start >= s.from_at and l.bucket_start < s.to_at
        where  l.model = for_model and l.role <> 'shadow' and ok
        group  by all
    ), ranked as (
        select *, sum(n) over (partition by version, width_s order by bucket) as up_to, sum(n) over (partition by version, width_s) as rows
        from   counts
    ), ranks as (
        select *, rank_low(rows, q, 0.05, 1000) as low_rank, rank_high(rows, q, 0.05, 1000) as high_rank
        from   (select distinct version, width_s, rows from ranked) cross join (values ('p50_ms', 0.50), ('p95_ms', 0.95), ('p99_ms', 0.99)) as wanted(metric, q)
    )
    select version, width_s, metric, '' as "column",
           bucket_ms(min(bucket) filter (up_to >= q * rows)) as value, bucket_ms(min(bucket) filter (up_to >= low_rank)) as low,
           bucket_ms(min(bucket) filter (up_to >= high_rank)) as high, any_value(rows) as rows
    from   ranks join ranked using (version, width_s, rows)
    group  by version, width_s, metric;

-- which share of a column's values was missing, or was never seen in the baseline
create macro span_columns(for_model, widths, b, names) as table
    with counts as (
        select s.version, s.width_s, v."column", sum(n) / mean_weight() as rows,
               unnest(['null_pct', 'unseen_pct'])                                          as metric,
               unnest([sum(n) filter (v.bin = -1), sum(n) filter (v.bin = -6)])            as found
        from   "values" as v join version_spans(for_model, widths, b, true) as s
               on v.version = s.version and v.bucket_start >= s.from_at and v.bucket_start < s.to_at
        where  v.model = for_model and v.role <> 'shadow' and list_contains(names, v."column")
        group  by s.version, s.width_s, v."column"
    ), known as (
        select *, coalesce(found, 0) / mean_weight() as k from counts
    )
    select version, width_s, metric, "column", pct(k, rows) as value, low_pct(k, rows) as low, high_pct(k, rows) as high, rows
    from   known;

-- how right a version's scores say it is, before labels are in; the band is that of the estimate (statistics: S7)
create macro span_estimates(for_model, widths, b) as table
    select s.version, s.width_s, 'estimated_pct' as metric, '' as "column", 100 * avg(e.right_p) as value,
           100 * greatest(0, avg(e.right_p) - 3 * any_value(spread) / sqrt(count(*))) as low,
           100 * least(1, avg(e.right_p) + 3 * any_value(spread) / sqrt(count(*)))    as high, count(*) as rows
    from   version_spans(for_model, widths, b, true) as s
           join expected_answers(for_model, b - list_max(widths) * interval 1 second - interval 60 day, b) as e
                on e.version = s.version and e.bucket_start >= s.from_at and e.bucket_start < s.to_at
           cross join (select sqrt(avg((prediction = label)::int) * (1 - avg((prediction = label)::int))) as spread from labelled_baseline)
    group  by s.version, s.width_s;

-- the measures of version_quality, one a row
create macro span_quality(for_model, widths, b, moment) as table
    select version, width_s, unnest(['accuracy_pct', 'precision_pct', 'recall_pct', 'f1_pct', 'auc', 'log_loss', 'brier', 'calibration_error',
                                     'mae', 'rmse', 'bias']) as metric, '' as "column",
           unnest([accuracy_pct, precision_pct, recall_pct, f1_pct, auc, log_loss, brier, calibration_error, mae, rmse, bias]) as value,
           unnest([accuracy_low_pct, precision_low_pct, recall_low_pct, f1_low_pct, auc_low, log_loss_low, brier_low, calibration_error_low,
                   mae_low, rmse_low, bias_low]) as low,
           unnest([accuracy_high_pct, precision_high_pct, recall_high_pct, f1_high_pct, auc_high, log_loss_high, brier_high, calibration_error_high,
                   mae_high, rmse_high, bias_high]) as high,
           labelled as rows
    from   version_quality(for_model, widths, b, moment, true);

-- The objectives that are asked of this model: the configuration goes before a version's own document, metric by metric.
create macro asked_objectives(for_model) as table
    select o.* from objectives as o
    where  for_model glob o.model
           and (o.version is null or not exists (from objectives as c
                where c.version is null and for_model glob c.model and c.metric = o.metric and c."column" = o."column"));

create macro said_measure(metric, x) as
    case when metric like '%\_pct' escape '\' then said_pct(x) when metric like '%\_ms' escape '\' then said_ms(x) else printf('%.3g', x) end;

-- Every version beside every objective that is asked of it, in that objective's window (else one of width_s), up to b or to
-- when the version last served: met where the whole interval keeps the limit, missed where all of it breaks it.
create macro held_objectives(for_model, b, width, moment) as table
    with asked as (
        select *, coalesce(window_s, width) as width_s from asked_objectives(for_model)
    ), widths as (
        select coalesce(list(distinct width_s), [])                                                                     as every,
               coalesce(list(distinct width_s) filter (metric like '%\_pct' escape '\'), [])                            as rates,
               coalesce(list(distinct width_s) filter (metric like '%\_ms' escape '\'), [])                             as waits,
               coalesce(list(distinct width_s) filter (metric = 'estimated_pct'), [])                                   as estimates,
               coalesce(list(distinct "column") filter ("column" <> ''), [])                                            as names
        from   asked
    ), found as (
        from span_rates(for_model, (select rates from widths), b)
        union all by name from span_latencies(for_model, (select waits from widths), b)
        union all by name from span_columns(for_model, (select rates from widths), b, (select names from widths))
        union all by name from span_estimates(for_model, (select estimates from widths), b)
        union all by name from span_quality(for_model, (select every from widths), b, moment)
    )
    select s.version, s.role, s.last_at, a.metric, a."column", a.minimum, a.maximum, a.width_s, a.source, f.value, f.low, f.high, f.rows,
           case when coalesce(f.rows, 0) < 50 or f.value is null                        then 'cannot tell'
                when f.high < a.minimum or f.low > a.maximum                           then 'missed'
                when coalesce(f.low >= a.minimum, a.minimum is null)
                     and coalesce(f.high <= a.maximum, a.maximum is null)              then 'met'
                else 'cannot tell' end as verdict,
           coalesce(a.minimum - (f.high - f.value), a.maximum + (f.value - f.low)) as would_show
    from   asked as a
           join version_spans(for_model, (select every from widths), b, true) as s
                on s.width_s = a.width_s and (a.version is null or a.version = s.version)
           left join found as f on f.version = s.version and f.width_s = a.width_s and f.metric = a.metric and f."column" = a."column";
