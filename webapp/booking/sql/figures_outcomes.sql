-- Who came and who did not, by service and by how many local days ahead the visit was booked, in steps.
select a.service_id, width_bucket(greatest(0, ahead.days), cast(:steps as integer[])) as step,
    count(*)::integer as visits,
    (count(*) filter (where a.status in ('arrived', 'in_room', 'finished')))::integer as came,
    (count(*) filter (where a.status = 'noshow'))::integer as missed
from unnest(
    cast(:locations as uuid[]), cast(:zones as text[]), cast(:opens as timestamptz[]), cast(:closes as timestamptz[])
) as site (id, zone, opens, closes)
cross join lateral (
    select service_id, status, starts_at, booked_at from appointment
    where location_id = site.id and starts_at >= site.opens and starts_at < site.closes
    -- Site by site by the index: pulled up, this would be a join with all visits there ever were.
    offset 0
) as a
cross join lateral (
    select (a.starts_at at time zone site.zone)::date - (a.booked_at at time zone site.zone)::date as days
) as ahead
where a.status not in ('held', 'lapsed', 'cancelled')
group by a.service_id, step
