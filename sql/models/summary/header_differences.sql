-- Images of which the DICOM headers and MIMIC-CXR-JPG's metadata say different things,
-- where both are there.
-- Grain: dicom_id, reason.
-- Columns:
--   dicom_id: Image, the name of its file without extension.
--   reason: What differs, or which of the two lacks the image.
with

headers as (
    select
        dicom_id,
        subject_id,
        study_id,
        Rows,
        Columns,
        ViewPosition,
        StudyDate,
        StudyTime
    from mimic_cxr.dicom
    where dicom_id is not null
),

compared as (
    select
        metadata.dicom_id,
        headers.dicom_id as found_dicom_id,
        case
            when
                metadata.subject_id <> headers.subject_id
                or metadata.study_id <> headers.study_id
                then 1
            else 0
        end as is_other_study,
        case
            when
                coalesce(metadata.Rows, -1) <> coalesce(headers.Rows, -1)
                or coalesce(metadata.Columns, -1) <> coalesce(headers.Columns, -1)
                then 1
            else 0
        end as is_other_size,
        case
            when
                coalesce(metadata.StudyDate, -1) <> coalesce(headers.StudyDate, -1)
                or coalesce(metadata.StudyTime, -1) <> coalesce(headers.StudyTime, -1)
                then 1
            else 0
        end as is_other_time,
        case
            when
                coalesce(metadata.ViewPosition, '')
                <> coalesce(headers.ViewPosition, '')
                then 1
            else 0
        end as is_other_view
    from mimic_cxr_jpg.metadata as metadata
    left join headers on metadata.dicom_id = headers.dicom_id
),

unlisted as (
    select headers.dicom_id
    from headers
    left join mimic_cxr_jpg.metadata as metadata on headers.dicom_id = metadata.dicom_id
    where metadata.dicom_id is null
),

final as (
    select
        dicom_id,
        'not a DICOM file' as reason
    from compared
    where found_dicom_id is null
    union all
    select
        dicom_id,
        'not in the metadata' as reason
    from unlisted
    union all
    select
        dicom_id,
        'another study or patient' as reason
    from compared
    where is_other_study = 1 and found_dicom_id is not null
    union all
    select
        dicom_id,
        'another size' as reason
    from compared
    where is_other_size = 1 and found_dicom_id is not null
    union all
    select
        dicom_id,
        'another date or time' as reason
    from compared
    where is_other_time = 1 and found_dicom_id is not null
    union all
    select
        dicom_id,
        'another view' as reason
    from compared
    where is_other_view = 1 and found_dicom_id is not null
)

select * from final
