-- What can this log tell, and what not?
select "column", given, words
from   capabilities
union all
select 'outcome', false, printf('outcome: %d requests have one that says nothing here (%s); map it with [log.columns], or init', sum(n)::bigint, string_agg(distinct outcome, ', '))
from   requests
where  outcome not in ('ok', 'fallback', 'error', 'timeout', 'rejected', 'limited', 'unauthorised')
having count(*) > 0
order  by given, "column"
