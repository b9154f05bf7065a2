-- Which columns of the log are watched?
select distinct "column" from bins order by "column"
