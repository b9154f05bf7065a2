-- What can this log tell, and what not?
select "column", given, words
from   capabilities
order  by given, "column"
