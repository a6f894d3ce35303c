-- The box around the chest in each of REFLACX's readings of the asked patients' images,
-- where it has all four sides.
-- Grain: reading_id.
-- Needs: cohort.reflacx_chest_bounding_box.
with

final as (
    select
        readings.subject_id,
        readings.id as reading_id,
        'chest' as name,
        boxes.xmin,
        boxes.ymin,
        boxes.xmax,
        boxes.ymax
    from cohort.reflacx_chest_bounding_box as boxes
    inner join staging.reflacx_readings as readings on boxes.id = readings.id
    inner join asked_patients as asked on readings.subject_id = asked.subject_id
    where
        boxes.xmin is not null
        and boxes.ymin is not null
        and boxes.xmax is not null
        and boxes.ymax is not null
)

select * from final
order by subject_id, reading_id
