-- Ellipses that REFLACX's readers drew around what they saw, each with its classes.
-- Grain: reading_id, ellipse.
-- Rule: an ellipse's axes lie along the sides of the image, so that its box says all. A
-- class is true where the ellipse carries any of its labels
-- (staging.reflacx_label_classes), and null where the phase's vocabulary lacks it.
-- Columns:
--   reading_id: Reading in which it was drawn, as in marts.readings.
--   ellipse: Number of the ellipse in its reading, from 1, from the left of the image.
--   label_version: Vocabulary that the reader chose from, `phase 1` or `phases 2-3`.
--   certainty: Certainty of the reader, 1 unlikely (below 10 %) to 5 consistent with
--     (above 90 %), as in marts.labels; 0 may occur.
--   high_lung_volume_emphysema: Whether the ellipse carries the label High lung volume
--     / emphysema, or Emphysema in phase 1.
--   lung_nodule_or_mass: Whether the ellipse carries the label Lung nodule or mass, or
--     Mass or Nodule in phase 1.
--   pleural_abnormality: Whether the ellipse carries the label Pleural abnormality, or
--     Pleural effusion or Pleural thickening in phase 1.
--   other: Whether the ellipse is of a finding under Other (other_text of
--     marts.labels).
with

ellipses as (
    select
        id,
        'phase 1' as label_version,
        xmin,
        ymin,
        xmax,
        ymax,
        certainty,
        cast(null as boolean) as abnormal_mediastinal_contour,
        cast(null as boolean) as acute_fracture,
        airway_wall_thickening,
        "Atelectasis" as atelectasis,
        "Consolidation" as consolidation,
        enlarged_cardiac_silhouette,
        cast(null as boolean) as enlarged_hilum,
        "Fibrosis" as fibrosis,
        "Fracture" as fracture,
        groundglass_opacity,
        cast(null as boolean) as hiatal_hernia,
        emphysema as high_lung_volume_emphysema,
        cast(null as boolean) as interstitial_lung_disease,
        mass or nodule as lung_nodule_or_mass,
        "Other" as other,
        pleural_effusion or pleural_thickening as pleural_abnormality,
        "Pneumothorax" as pneumothorax,
        pulmonary_edema,
        quality_issue,
        support_devices,
        wide_mediastinum
    from cohort.reflacx_anomaly_location_ellipses_phase_1
    union all
    select
        id,
        'phases 2-3' as label_version,
        xmin,
        ymin,
        xmax,
        ymax,
        certainty,
        abnormal_mediastinal_contour,
        acute_fracture,
        cast(null as boolean) as airway_wall_thickening,
        "Atelectasis" as atelectasis,
        "Consolidation" as consolidation,
        enlarged_cardiac_silhouette,
        enlarged_hilum,
        cast(null as boolean) as fibrosis,
        cast(null as boolean) as fracture,
        groundglass_opacity,
        hiatal_hernia,
        high_lung_volume_emphysema,
        interstitial_lung_disease,
        lung_nodule_or_mass,
        "Other" as other,
        pleural_abnormality,
        "Pneumothorax" as pneumothorax,
        pulmonary_edema,
        cast(null as boolean) as quality_issue,
        support_devices,
        cast(null as boolean) as wide_mediastinum
    from cohort.reflacx_anomaly_location_ellipses_phase_2_3
),

final as (
    select
        readings.id as reading_id,
        row_number() over (
            partition by readings.id
            order by
                ellipses.xmin,
                ellipses.ymin,
                ellipses.xmax,
                ellipses.ymax,
                ellipses.certainty,
                ellipses.abnormal_mediastinal_contour,
                ellipses.acute_fracture,
                ellipses.airway_wall_thickening,
                ellipses.atelectasis,
                ellipses.consolidation,
                ellipses.enlarged_cardiac_silhouette,
                ellipses.enlarged_hilum,
                ellipses.fibrosis,
                ellipses.fracture,
                ellipses.groundglass_opacity,
                ellipses.hiatal_hernia,
                ellipses.high_lung_volume_emphysema,
                ellipses.interstitial_lung_disease,
                ellipses.lung_nodule_or_mass,
                ellipses.other,
                ellipses.pleural_abnormality,
                ellipses.pneumothorax,
                ellipses.pulmonary_edema,
                ellipses.quality_issue,
                ellipses.support_devices,
                ellipses.wide_mediastinum,
                readings.dicom_id
        ) as ellipse,
        readings.dicom_id,
        readings.subject_id,
        ellipses.label_version,
        ellipses.xmin,
        ellipses.ymin,
        ellipses.xmax,
        ellipses.ymax,
        ellipses.certainty,
        ellipses.abnormal_mediastinal_contour,
        ellipses.acute_fracture,
        ellipses.airway_wall_thickening,
        ellipses.atelectasis,
        ellipses.consolidation,
        ellipses.enlarged_cardiac_silhouette,
        ellipses.enlarged_hilum,
        ellipses.fibrosis,
        ellipses.fracture,
        ellipses.groundglass_opacity,
        ellipses.hiatal_hernia,
        ellipses.high_lung_volume_emphysema,
        ellipses.interstitial_lung_disease,
        ellipses.lung_nodule_or_mass,
        ellipses.other,
        ellipses.pleural_abnormality,
        ellipses.pneumothorax,
        ellipses.pulmonary_edema,
        ellipses.quality_issue,
        ellipses.support_devices,
        ellipses.wide_mediastinum
    from ellipses
    inner join staging.reflacx_readings as readings on ellipses.id = readings.id
)

select * from final
