-- How fresh is the log: how far behind the clock, how many rows in the window, how many late, how many left out?
with seen as (
    select sum(n) filter (bucket_start >= $since and bucket_start < $until) as requests, max(last_at) as last_at
    from   requests
    where  model = $model
), written as (
    select sum(rows) as rows
    from   files
    where  state = 'read' and last_at >= $since and first_at < $until
)
select epoch($now) - epoch(last_at) as lag_s, last_at, coalesce(requests, 0)::bigint as requests,
       rows::bigint as logged, pct(rows, requests) as logged_pct, late_rows($since, $until, $now) as late_rows,
       (select count(*) from files where state in ('torn', 'corrupt', 'unreadable')) as bad_files
from   seen cross join written
