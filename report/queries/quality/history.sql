select * from run_history
order by {{ moment }} desc
limit 60
