-- How right is each version, where the labels are in: with which interval, and does it meet its objective?
with span as (
    from mature_span($model, $since, $until, $now)
), answered as (
    select a.* from span, lateral (from labelled_answers($model, span.from_at, span.to_at)) as a
), shape as (
    -- more than twenty different labels, all numbers: an amount is predicted, not a class
    select count(distinct label) > 20 and count(label) = count(try_cast(label as double)) as is_amount from answered
), rows as (
    select answered.*, is_amount, label = positive as y, prediction = positive as says_yes,
           case when score between 1e-15 and 1 - 1e-15 then score when score <= 0 then 1e-15 when score >= 1 then 1 - 1e-15 end as p,
           try_cast(prediction as double) - try_cast(label as double) as error
    from   answered cross join shape left join positive_class($model) on true
), ranked as (
    select *, rank() over same + (count(*) over ties - 1) / 2.0 as place
    from   rows where label is not null and p is not null
    window same as (partition by version order by p), ties as (partition by version, p)
), ranks as (
    select version, sum(place) filter (y) as yes_places, count(*) filter (y) as yes, count(*) filter (not y) as no
    from   ranked group by version
), calibration as (
    select version, sum(rows * abs(said - came)) / sum(rows) as calibration_error
    from  (select version, floor(10 * p) as tenth, count(*) as rows, avg(p) as said, avg(y::int) as came
           from ranked group by all)
    group  by version
), counted as (
    select version, arg_max(role, bucket_start) as role, any_value(is_amount) as is_amount,
           count(*) as answered, count(label) as labelled,
           count(*) filter (label = prediction)     as hits,
           count(*) filter (says_yes and y)         as true_yes,
           count(*) filter (says_yes and not y)     as false_yes,
           count(*) filter (not says_yes and y)     as false_no,
           avg(case when y then -ln(p) else -ln(1 - p) end) filter (label is not null) as log_loss,
           avg(pow(p - y::int, 2)) filter (label is not null)                          as brier,
           avg(abs(error)) as mae, sqrt(avg(error * error)) as rmse, avg(error) as bias
    from   rows
    group  by version
), asked as (
    select coalesce($accuracy_limit_pct, (select 100 * avg((prediction = label)::int) from labelled_baseline)) as objective_pct
), measured as (
    select *, case when not is_amount then pct(hits, labelled) end as accuracy_pct,
           case when not is_amount then 100 * rate_low(hits, labelled, 0.05, 1000) end  as accuracy_low_pct,
           case when not is_amount then 100 * rate_high(hits, labelled, 0.05, 1000) end as accuracy_high_pct
    from   counted cross join asked
)
select version, role,
       case when labelled < 50 or accuracy_high_pct is null or objective_pct is null then 'cannot tell'
            when accuracy_high_pct < objective_pct then 'worse'
            else 'not shown worse' end                                  as verdict,
       accuracy_pct, accuracy_low_pct, accuracy_high_pct, objective_pct,
       labelled, pct(labelled, answered)                                as labelled_pct,
       case when not is_amount then pct(true_yes, true_yes + false_yes) end as precision_pct,
       case when not is_amount then pct(true_yes, true_yes + false_no) end  as recall_pct,
       case when not is_amount then pct(2 * true_yes, 2 * true_yes + false_yes + false_no) end as f1_pct,
       case when not is_amount then log_loss end                        as log_loss,
       case when not is_amount then brier end                           as brier,
       case when not is_amount then (yes_places - yes * (yes + 1) / 2.0) / nullif(yes * no, 0) end as auc,
       case when not is_amount then calibration_error end               as calibration_error,
       case when is_amount then mae end as mae, case when is_amount then rmse end as rmse, case when is_amount then bias end as bias,
       from_at, to_at, lag_s
from   measured cross join span left join ranks using (version) left join calibration using (version)
order  by role = 'live' desc, labelled desc
