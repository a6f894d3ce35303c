-- Readings of the asked patients' images.
-- Grain: dataset, reading_id.
with

final as (
    select
        readings.subject_id,
        readings.dicom_id,
        readings.dataset,
        readings.reading_id,
        readings.phase,
        readings.label_version,
        readings.has_eye_tracking
    from marts.readings as readings
    inner join asked_patients as asked on readings.subject_id = asked.subject_id
)

select * from final
order by subject_id, dicom_id, dataset desc, phase, reading_id
