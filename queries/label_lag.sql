-- How long do labels take: which share of the answers had one so many seconds after the request?
with known as (
    select epoch(bucket_start) as served, min(epoch(labelled_at)) - epoch(bucket_start) as age_s
    from   answers left join labels using (request)
    where  model = $model and role <> 'shadow' and bucket_start < $until and bucket_start >= $until - interval 14 day
    group  by request, bucket_start
), ages as (
    select unnest([300, 600, 900, 1800, 2700, 3600, 5400, 7200, 10800, 21600, 43200, 86400, 172800, 604800])::double as age_s
)
-- of the answers that are old enough to have been labelled by then
select ages.age_s, pct(count(*) filter (known.age_s <= ages.age_s), count(*)) as labelled_pct, count(*) as answered
from   ages join known on epoch($now) - known.served >= ages.age_s
group  by ages.age_s
order  by ages.age_s
