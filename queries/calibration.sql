-- Does a score of 30 % come true in 30 % of the cases, where the labels are in?
with span as (
    from mature_span($model, $since, $until, $now)
), rows as (
    select a.score, a.label = positive as y
    from   span, lateral (from labelled_answers($model, span.from_at, span.to_at)) as a, positive_class($model)
    where  a.label is not null and a.score between 0 and 1 and ($version is null or a.version = $version)
), tenths as (
    select least(9, floor(10 * score))::integer as tenth, count(*) as answered, avg(score) as said, count(*) filter (y) as came
    from   rows
    group  by tenth
)
select 10.0 * tenth as score_from_pct, 100 * said as predicted_pct, pct(came, answered) as actual_pct,
       100 * rate_low(came, answered, 0.05, 100) as low_pct, 100 * rate_high(came, answered, 0.05, 100) as high_pct, answered
from   tenths
order  by tenth
