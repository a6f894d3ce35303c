-- Which emergency stay each chest X-ray belongs to, and why, by the rule of the build.
-- Grain: dicom_id. Every image is there; stay_id, link and gap_seconds are null where
-- the rule finds no stay, hadm_id and icu_stay_id where there is none.
-- Columns:
--   stay_id: Emergency stay that the image belongs to by the build's link rule.
--   n_candidates: Stays that satisfied the clause of the rule that decided, 0 for none.
with

linked as (
    select
        stays.dicom_id,
        stays.stay_id,
        stays.link,
        stays.gap_seconds,
        stays.n_candidates
    from links.stay_by_rule as stays
    inner join settings.link as settings on stays.link_rule = settings.link_rule
),

final as (
    select
        images.dicom_id,
        images.study_id,
        images.subject_id,
        images.study_at,
        linked.stay_id,
        linked.link,
        linked.gap_seconds,
        coalesce(linked.n_candidates, 0) as n_candidates,
        admissions.hadm_id,
        icu_stays.icu_stay_id
    from staging.cxr_images as images
    left join linked on images.dicom_id = linked.dicom_id
    left join links.cxr_admission as admissions
        on images.dicom_id = admissions.dicom_id
    left join links.cxr_icu_stay as icu_stays
        on images.dicom_id = icu_stays.dicom_id
)

select * from final
