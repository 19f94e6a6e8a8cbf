-- Minutes from check-in to the room of everybody who went there, by the day, ISO week or month of the visit.
select date_trunc(:unit, a.starts_at at time zone site.zone)::date as since, count(*)::integer as visits,
    percentile_cont(0.5) within group (order by waited.minutes) as half,
    percentile_cont(0.9) within group (order by waited.minutes) as most,
    (count(*) filter (where waited.minutes > :long))::integer as long
from unnest(
    cast(:locations as uuid[]), cast(:zones as text[]), cast(:opens as timestamptz[]), cast(:closes as timestamptz[])
) as site (id, zone, opens, closes)
cross join lateral (
    select starts_at, arrived_at, started_at from appointment
    where location_id = site.id and starts_at >= site.opens and starts_at < site.closes
    -- Site by site by the index: pulled up, this would be a join with all visits there ever were.
    offset 0
) as a
cross join lateral (
    select (extract(epoch from a.started_at - a.arrived_at) / 60)::double precision as minutes
) as waited
where a.arrived_at is not null and a.started_at is not null
group by since
order by since
