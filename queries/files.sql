-- What became of every file of the log?
select path, state, reason, rows, first_at, last_at
from   files
order  by state = 'read', path desc
