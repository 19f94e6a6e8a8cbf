-- Wishes that a provider's free time at a site could fulfil, as far as sets can tell; wall clock and notice are compared
-- by the pure rule afterwards. With a :group, the service of one, that has a free seat until :ends; whoever let such a seat go
-- is asked again only after the group went elsewhere.
select w.id, w.patient_id, w.service_id, w.created_at, w.earliest, w.latest, w.provider_ids, w.location_id, w.weekdays,
    w.from_time, w.to_time, w.notice_minutes, w.urgency, w.note, w.appointment_id, a.starts_at as sooner_than,
    t.ends, s.name as service, p.given, p.family,
    (
        select t.value from patient_telecom as t
        where t.patient_id = w.patient_id and t.system = 'phone' order by t.rank, t.id limit 1
    ) as phone
from waiting_wish as w
join service as s on s.id = w.service_id and s.retired_at is null
    and (s.id = cast(:group as uuid) or cast(:group as uuid) is null and s.capacity = 1)
join service_provider as sp on sp.service_id = w.service_id and sp.provider_id = :provider
join service_location as sl on sl.service_id = w.service_id and sl.location_id = :location
join provider as who on who.id = sp.provider_id and who.retired_at is null
join patient as p on p.id = w.patient_id and p.deceased_at is null and p.merged_into is null
left join appointment as a on a.id = w.appointment_id
cross join lateral (
    select coalesce(cast(:ends as timestamptz),
        cast(:starts as timestamptz) + make_interval(mins => s.length_minutes)) as ends
) as t
where w.status = 'waiting'
  and (w.location_id is null or w.location_id = :location)
  and (cardinality(w.provider_ids) = 0 or :provider = any (w.provider_ids))
  and w.earliest <= :day and (w.latest is null or w.latest >= :day) and :weekday = any (w.weekdays)
  and (w.appointment_id is null or a.status in ('booked', 'confirmed') and a.starts_at > :starts)
  and not exists (select from waiting_offer as o where o.wish_id = w.id and o.outcome = 'open')
  and not exists (
    select from waiting_offer as o join appointment as h on h.id = o.hold_id
    where o.patient_id = w.patient_id and o.outcome = 'open' and h.starts_at < t.ends and h.ends_at > :starts
  )
  and not exists (
    select from waiting_offer as o join appointment as h on h.id = o.hold_id
    where o.patient_id = w.patient_id and o.outcome in ('refused', 'lapsed')
      and h.provider_id = :provider and h.starts_at < t.ends and h.ends_at > :starts
      and (cast(:group as uuid) is null or h.starts_at = :starts)
  )
  and not exists (
    select from appointment as b
    where b.patient_id = w.patient_id and b.id is distinct from w.appointment_id
      and b.status in ('booked', 'confirmed', 'arrived', 'in_room', 'finished')
      and b.starts_at < t.ends and b.ends_at > :starts
  )
