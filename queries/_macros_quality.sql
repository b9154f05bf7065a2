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
    select least(b, time_bucket(interval 1 minute, moment - lag_s * interval 1 second)) as to_at, to_at - (b - a) as from_at, lag_s
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
