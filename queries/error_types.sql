-- Which errors are there, on which version, since when?
select error, version, outcome, sum(n)::bigint as requests,
       pct(sum(n), sum(sum(n)) over ()) as share_pct, min(first_at) as first_at, max(last_at) as last_at
from   errors
where  model = $model and bucket_start >= $since and bucket_start < $until
       and ($version is null or version = $version)
group  by all
order  by requests desc, error
limit  100
