-- Which models does this log speak of?
select model, sum(n)::bigint as requests, max(last_at) as last_at
from   requests
group  by model
order  by requests desc, model
