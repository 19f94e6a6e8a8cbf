-- Canceled visits by reason; what somebody wrote themselves is one word, so that no words of theirs leave the record.
-- Late is later than the notice the service asks for, or than a day before where it asks for none.
select case when a.cancel_reason = any (cast(:known as text[])) then a.cancel_reason else :other end as reason,
    count(*)::integer as visits,
    (count(*) filter (
        where a.cancelled_at > a.starts_at
            - make_interval(mins => case when s.cancel_notice_minutes > 0 then s.cancel_notice_minutes else :notice end)
    ))::integer as late
from unnest(
    cast(:locations as uuid[]), cast(:zones as text[]), cast(:opens as timestamptz[]), cast(:closes as timestamptz[])
) as site (id, zone, opens, closes)
cross join lateral (
    select service_id, status, starts_at, cancelled_at, cancel_reason from appointment
    where location_id = site.id and starts_at >= site.opens and starts_at < site.closes
    -- Site by site by the index: pulled up, this would be a join with all visits there ever were.
    offset 0
) as a
join service as s on s.id = a.service_id
where a.status = 'cancelled'
group by reason
order by visits desc, reason
