-- What patients still owe for visits that are over: the sum of what the ledger says, for those above zero.
select i.appointment_id, sum(e.cents)::bigint, min(i.currency)
from invoice as i
join ledger_entry as e on e.invoice_id = i.id
where i.appointment_id = any(%(visits)s) and e.account = 'patient_receivable'
group by i.appointment_id
having sum(e.cents) > 0
