-- Built pictures, each with what is known of it, as a folder of images lists them.
-- Grain: dicom_id.
-- Rule: pictures that are not there are left out.
-- Columns:
--   file_name: The picture's name in the folder.
--   path: The picture, below the folder of the build.
with

final as (
    select
        concat(meta.dicom_id, '.jpg') as file_name,
        files.path,
        meta.dicom_id,
        meta.study_id,
        meta.subject_id,
        meta.split,
        meta.ViewPosition as view_position,
        meta.study_at,
        meta.stay_id,
        meta.link,
        meta.hadm_id,
        meta.icu_stay_id,
        meta.in_reflacx,
        meta.in_eye_gaze,
        clinical.age,
        clinical.gender,
        clinical.temperature,
        clinical.heartrate,
        clinical.resprate,
        clinical.o2sat,
        clinical.sbp,
        clinical.dbp,
        clinical.pain,
        clinical.acuity
    from marts.cxr_meta as meta
    inner join marts.files as files on meta.dicom_id = files.dicom_id
    left join marts.cxr_clinical as clinical on meta.dicom_id = clinical.dicom_id
    where files.table_name = 'mimic_cxr_jpg.images' and files.is_there
)

select * from final
