-- How right is each version, where the labels are in: with which interval, and does it meet its objective?
with baseline as (
    select 100 * avg((prediction = label)::int) as accuracy_pct from labelled_baseline
), judged as (
    select q.*, coalesce($accuracy_limit_pct, (select max(minimum) from asked_objectives($model) as o
                                               where o.metric = 'accuracy_pct' and (o.version is null or o.version = q.version)),
                         (select accuracy_pct from baseline)) as objective_pct
    from   version_quality($model, [epoch($until - $since)], $until, $now, false) as q
)
select version, role,
       case when labelled < 50 or accuracy_high_pct is null or objective_pct is null then 'cannot tell'
            when accuracy_high_pct < objective_pct then 'worse'
            else 'not shown worse' end                                  as verdict,
       accuracy_pct, accuracy_low_pct, accuracy_high_pct, objective_pct,
       -- an accuracy below this would have been called worse
       case when verdict <> 'worse' then objective_pct - (accuracy_high_pct - accuracy_pct) end as would_show_pct,
       labelled, pct(labelled, answered)                                as labelled_pct,
       precision_pct, recall_pct, f1_pct, log_loss, brier, auc, calibration_error, mae, rmse, bias,
       columns('(precision|recall|f1)_(low|high)_pct|(log_loss|brier|auc|calibration_error|mae|rmse|bias)_(low|high)'),
       from_at, to_at, lag_s
from   judged
order  by role = 'live' desc, labelled desc
