-- Everything a board of some days shows, as one number. Each row stands for itself as its id hashed with the
-- transaction that wrote it (xmin): no change leaves that as it was, and a sum forgets no row that came or went. It is
-- taken from the rows of one snapshot, so nothing that commits later can hide behind it, as it could behind a
-- highest id. What is owed for a visit is a sum of entries of the ledger, which come and never change. A hold that has
-- lapsed is left out, as the board leaves it out.
with site as materialized (
    select l.id, l.time_zone, uuid_hash_extended(l.id, l.xmin::text::bigint) as hash
    from location as l
    where l.retired_at is null
    order by l.id is distinct from %(location)s, l.name
    limit 1
), span as materialized (
    select s.id, s.hash, %(first)s::timestamp at time zone s.time_zone as opens,
        (%(last)s::date + 1)::timestamp at time zone s.time_zone as closes
    from site as s
)
select s.id, visits.n, s.hash + coalesce(visits.hash, 0) + coalesce(money.hash, 0) + coalesce(clinic.hash, 0)
from span as s
cross join lateral (
    select count(*) as n, sum(uuid_hash_extended(a.id, a.xmin::text::bigint)
        + uuid_hash_extended(a.patient_id, p.xmin::text::bigint)::numeric
        + coalesce((select sum(uuid_hash_extended(t.id, t.xmin::text::bigint))
            from patient_alert as t where t.patient_id = a.patient_id), 0)) as hash
    from appointment as a
    join patient as p on p.id = a.patient_id
    where a.location_id = s.id and a.starts_at >= s.opens and a.starts_at < s.closes
      and (a.held_until is null or a.held_until > %(at)s or a.payment_open)
) as visits
cross join lateral (
    select sum(hashint8extended(e.id, 0)) as hash
    from appointment as a
    join invoice as i on i.appointment_id = a.id
    join ledger_entry as e on e.invoice_id = i.id
    where a.location_id = s.id and a.starts_at >= s.opens and a.starts_at < s.closes
      and a.status = 'finished' and e.account = 'patient_receivable'
) as money
cross join lateral (
    select sum(uuid_hash_extended(each.id, each.version)) as hash
    from (
        select id, xmin::text::bigint as version from provider
        union all select id, xmin::text::bigint from room where location_id = s.id
        union all select id, xmin::text::bigint from service
        union all select id, xmin::text::bigint from schedule
        union all select id, xmin::text::bigint from closure where location_id = s.id
        union all select id, xmin::text::bigint from extra_hours where starts_at < s.closes and ends_at > s.opens
        union all select id, xmin::text::bigint from leave where starts_at < s.closes and ends_at > s.opens
        union all select id, xmin::text::bigint from blocked_time where starts_at < s.closes and ends_at > s.opens
        union all select id, xmin::text::bigint from group_session
            where location_id = s.id and starts_at >= s.opens and starts_at < s.closes
    ) as each
) as clinic
