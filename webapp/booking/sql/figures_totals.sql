-- A period in one row, to be held against another.
select count(*) filter (where a.status in ('arrived', 'in_room', 'finished')) as came,
    count(*) filter (where a.status = 'noshow') as missed,
    count(*) filter (where a.status = 'cancelled') as canceled,
    count(*) filter (where a.status not in ('held', 'lapsed')) as booked,
    percentile_cont(0.5) within group (
        order by (extract(epoch from a.started_at - a.arrived_at) / 60)::double precision
    ) filter (where a.arrived_at is not null and a.started_at is not null) as waited,
    percentile_cont(0.5) within group (
        order by greatest(0, (a.starts_at at time zone site.zone)::date - (a.booked_at at time zone site.zone)::date)
    ) filter (where a.status not in ('held', 'lapsed', 'cancelled')) as ahead
from unnest(
    cast(:locations as uuid[]), cast(:zones as text[]), cast(:opens as timestamptz[]), cast(:closes as timestamptz[])
) as site (id, zone, opens, closes)
cross join lateral (
    select status, starts_at, booked_at, arrived_at, started_at from appointment
    where location_id = site.id and starts_at >= site.opens and starts_at < site.closes
    -- Site by site by the index: pulled up, this would be a join with all visits there ever were.
    offset 0
) as a
