-- What the questions about quality share: answers with their labels, which cohorts are old enough, what a score is worth.

-- answered requests in a span, each once, with the latest label that has come in
create macro labelled_answers(for_model, a, b) as table
    select version, role, bucket_start, request, any_value(prediction) as prediction, any_value(score) as score,
           arg_max(label, coalesce(labelled_at, bucket_start)) as label, min(labelled_at) as labelled_at
    from   answers left join labels using (request)
    where  model = for_model and role <> 'shadow' and bucket_start >= a and bucket_start < b
    group  by all;

-- How long labels take: 19 in 20 are in after lag_s. Of the older half of two weeks, because of the younger half only the
-- quick labels are known.
create macro label_age(for_model, moment) as table
    with known as (
        select bucket_start, epoch(labelled_at) - epoch(bucket_start) as age_s
        from   answers join labels using (request)
        where  model = for_model and bucket_start >= moment - interval 14 day and bucket_start < moment
    )
    select coalesce(quantile_cont(age_s, 0.95) filter (epoch(bucket_start) <= (select (epoch(min(bucket_start)) + epoch(moment)) / 2 from known)), 0)
               as lag_s
    from   known having count(*) > 0;

-- the last cohorts whose labels are in: a span as wide as the window, and no later than it
create macro mature_span(for_model, a, b, moment) as table
    select least(b, stepped(interval 1 minute, moment - lag_s * interval 1 second)) as to_at, to_at - (b - a) as from_at, lag_s
    from   label_age(for_model, moment);

-- which prediction the score is the probability of: the one that high scores go with
create macro positive_class(for_model) as table
    select prediction as positive from (
        select prediction, score from labelled_baseline
        union all select prediction, score from answers
        where  model = for_model and bucket_start >= (select max(bucket_start) from answers where model = for_model) - interval 1 day
    ) where score is not null group by prediction having count(*) > 9 order by avg(score) desc limit 1;

create macro score_bin(score) as least(49, greatest(0, floor(score * 50)))::integer;

-- what each score bin is worth as a probability, calibrated on the baseline's own labels, in every bin
create macro calibrated(for_model) as table
    with counts as (
        select score_bin(score) as bin, count(*)::double as rows, coalesce(sum((label = positive)::int), 0)::double as positives
        from   labelled_baseline cross join positive_class(for_model)
        where  score between 0 and 1
        group  by bin
    ), every_bin as (
        select range as bin, coalesce(rows, 0) as rows, coalesce(positives, 0) as positives
        from   range(50) left join counts on counts.bin = range
    )
    select unnest(list(bin order by bin)) as bin, unnest(isotonic(list(positives order by bin), list(rows order by bin))) as worth
    from   every_bin;

-- Every answer's chance to be right, and what it is from its calibrated score (CBPE): no label is needed.
create macro expected_answers(for_model, a, b) as table
    select version, role, bucket_start, prediction = positive as says_yes, worth,
           case when prediction = positive then worth else 1 - worth end as right_p
    from   answers cross join positive_class(for_model) join calibrated(for_model) as c on c.bin = score_bin(score)
    where  model = for_model and role <> 'shadow' and bucket_start >= a and bucket_start < b and score between 0 and 1;

-- Each version's quality, where the labels are in: in the last mature span of each width (seconds) before b, or before the
-- version last served. Intervals hold at every look: of counts by S6, of means and of AUC asymptotically.
create macro version_quality(for_model, widths, b, moment, to_its_end) as table
    with lag as (
        from label_age(for_model, moment)
    ), spans as (
        select version, width_s, lag_s, mature_at as to_at, mature_at - width_s * interval 1 second as from_at
        from   (select *, least(to_at, stepped(interval 1 minute, moment - lag_s * interval 1 second)) as mature_at
                from   version_spans(for_model, widths, b, to_its_end) cross join lag)
    ), answered as (
        -- each once, with the latest label that has come in
        select s.version, s.width_s, s.from_at, s.to_at, s.lag_s, a.role, a.bucket_start, a.request,
               any_value(a.prediction) as prediction, any_value(a.score) as score,
               arg_max(labels.label, coalesce(labels.labelled_at, a.bucket_start)) as label
        from   spans as s join answers as a on a.version = s.version and a.bucket_start >= s.from_at and a.bucket_start < s.to_at
               left join labels using (request)
        where  a.model = for_model and a.role <> 'shadow'
        group  by s.version, s.width_s, s.from_at, s.to_at, s.lag_s, a.role, a.bucket_start, a.request
    ), shape as (
        -- more than twenty different labels, all numbers: an amount is predicted, not a class
        select count(distinct label) > 20 and count(label) = count(try_cast(label as double)) as is_amount from answered
    ), rows as (
        select answered.*, is_amount, not is_amount as is_class, label = positive as y, prediction = positive as says_yes,
               case when score between 1e-15 and 1 - 1e-15 then score when score <= 0 then 1e-15 when score >= 1 then 1 - 1e-15 end as p,
               case when is_amount then try_cast(prediction as double) - try_cast(label as double) end as miss
        from   answered cross join shape left join positive_class(for_model) on true
    ), scored as (
        select *, case when y then -ln(p) else -ln(1 - p) end as surprise, pow(p - y::int, 2) as square
        from   rows where label is not null and p is not null and is_class
    ), ranks as (
        select version, width_s, count(*) filter (y)::double as yes, count(*) filter (not y)::double as no,
               (sum(place) filter (y) - yes * (yes + 1) / 2.0) / nullif(yes * no, 0) as auc,
               -- Hanley & McNeil, Radiology 143(1) 1982
               sqrt(greatest(0, auc * (1 - auc) + (yes - 1) * (auc / (2 - auc) - auc * auc)
                                + (no - 1) * (2 * auc * auc / (1 + auc) - auc * auc)) / nullif(yes * no, 0)) as auc_error
        from  (select *, rank() over same + (count(*) over ties - 1) / 2.0 as place from scored
               window same as (partition by version, width_s order by p), ties as (partition by version, width_s, p))
        group  by version, width_s
    ), calibration as (
        select version, width_s, sum(n * abs(said - came)) / sum(n) as calibration_error,
               -- of ten bins, each off by its own chance error: at most √(bins · mean variance)
               sqrt(10 * sum(n * came * (1 - came)) / sum(n))       as calibration_spread
        from  (select version, width_s, floor(10 * p) as tenth, count(*) as n, avg(p) as said, avg(y::int) as came
               from scored group by all)
        group  by version, width_s
    ), means as (
        select version, width_s, count(*)::double as scored, avg(surprise) as log_loss, coalesce(stddev_samp(surprise), 0) as log_loss_spread,
               avg(square) as brier, coalesce(stddev_samp(square), 0) as brier_spread
        from   scored group by version, width_s
    ), counted as (
        select version, width_s, any_value(from_at) as from_at, any_value(to_at) as to_at, any_value(lag_s) as lag_s,
               arg_max(role, bucket_start) as role, any_value(is_class) as is_class,
               count(*) as answered, count(label) as labelled,
               count(*) filter (is_class and label = prediction)        as hits,
               count(*) filter (is_class and says_yes and y)            as true_yes,
               count(*) filter (is_class and says_yes and not y)        as false_yes,
               count(*) filter (is_class and not says_yes and y)        as false_no,
               count(miss)::double as missed, avg(abs(miss)) as mae, coalesce(stddev_samp(abs(miss)), 0) as mae_spread,
               avg(miss) as bias, coalesce(stddev_samp(miss), 0) as bias_spread,
               avg(miss * miss) as mse, coalesce(stddev_samp(miss * miss), 0) as mse_spread
        from   rows
        group  by version, width_s
    )
    select counted.version, role, width_s, from_at, to_at, lag_s, answered, labelled, not is_class as is_amount,
           case when is_class then pct(hits, labelled) end                      as accuracy_pct,
           case when is_class then low_pct(hits, labelled) end                  as accuracy_low_pct,
           case when is_class then high_pct(hits, labelled) end                 as accuracy_high_pct,
           pct(true_yes, true_yes + false_yes)                                  as precision_pct,
           low_pct(true_yes, true_yes + false_yes)                              as precision_low_pct,
           high_pct(true_yes, true_yes + false_yes)                             as precision_high_pct,
           pct(true_yes, true_yes + false_no)                                   as recall_pct,
           low_pct(true_yes, true_yes + false_no)                               as recall_low_pct,
           high_pct(true_yes, true_yes + false_no)                              as recall_high_pct,
           -- with j the share of true among all that is or was said to be positive, F1 = 2j/(1+j)
           pct(2 * true_yes, 2 * true_yes + false_yes + false_no)               as f1_pct,
           200 / (1 + 100 / nullif(low_pct(true_yes, true_yes + false_yes + false_no), 0))  as f1_low_pct,
           200 / (1 + 100 / nullif(high_pct(true_yes, true_yes + false_yes + false_no), 0)) as f1_high_pct,
           auc, no_less(auc - mean_radius(auc_error * sqrt(scored), scored, 0.05, 1000), 0) as auc_low,
           no_more(auc + mean_radius(auc_error * sqrt(scored), scored, 0.05, 1000), 1)         as auc_high,
           log_loss, no_less(log_loss - mean_radius(log_loss_spread, scored, 0.05, 1000), 0) as log_loss_low,
           log_loss + mean_radius(log_loss_spread, scored, 0.05, 1000)                        as log_loss_high,
           brier, no_less(brier - mean_radius(brier_spread, scored, 0.05, 1000), 0)          as brier_low,
           brier + mean_radius(brier_spread, scored, 0.05, 1000)                              as brier_high,
           calibration_error, no_less(calibration_error - mean_radius(calibration_spread, scored, 0.05, 1000), 0) as calibration_error_low,
           no_more(calibration_error + mean_radius(calibration_spread, scored, 0.05, 1000), 1)                       as calibration_error_high,
           mae, no_less(mae - mean_radius(mae_spread, missed, 0.05, 1000), 0)                as mae_low,
           mae + mean_radius(mae_spread, missed, 0.05, 1000)                                  as mae_high,
           sqrt(mse) as rmse, sqrt(no_less(mse - mean_radius(mse_spread, missed, 0.05, 1000), 0)) as rmse_low,
           sqrt(mse + mean_radius(mse_spread, missed, 0.05, 1000))                            as rmse_high,
           bias, bias - mean_radius(bias_spread, missed, 0.05, 1000) as bias_low, bias + mean_radius(bias_spread, missed, 0.05, 1000) as bias_high
    from   counted left join ranks using (version, width_s) left join calibration using (version, width_s)
           left join means using (version, width_s);
