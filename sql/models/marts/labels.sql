-- What each reading of REFLACX says of each of the 21 classes of labels.
-- Grain: reading_id, label_class. 21 rows a reading. EyeGaze's reader gave no labels.
-- Rule: null means not asked, never absent. The two flags of the whole image, Quality
-- issue and Support devices, have is_flagged and no certainty; Other has other_text and
-- neither.
-- Columns:
--   reading_id: Reading that the answer is of, as in marts.readings.
--   label_version: Vocabulary that the reader chose from, `phase 1` or `phases 2-3`.
--   label_class: One of the 21 classes of staging.reflacx_label_classes.
--   is_asked: Whether the vocabulary has a label of the class.
--   certainty: Greatest certainty over the labels of the class: 0 absent, 1 unlikely
--     (below 10 %), 2 less likely (25 %), 3 possibly (50 %), 4 probably (75 %), 5
--     consistent with (above 90 %); -1 is a label selected without an ellipse.
--   is_flagged: Whether the flag was ticked; null for other classes.
--   other_text: The findings that the reader named under Other, parted by |; null for
--     other classes.
with

phase_2_3 as (
    select
        id,
        abnormal_mediastinal_contour,
        acute_fracture,
        atelectasis,
        consolidation,
        enlarged_cardiac_silhouette,
        enlarged_hilum,
        groundglass_opacity,
        hiatal_hernia,
        high_lung_volume_emphysema,
        interstitial_lung_disease,
        lung_nodule_or_mass,
        other,
        pleural_abnormality,
        pneumothorax,
        pulmonary_edema,
        support_devices
    from cohort.reflacx_metadata_phase_2
    union all
    select
        id,
        abnormal_mediastinal_contour,
        acute_fracture,
        atelectasis,
        consolidation,
        enlarged_cardiac_silhouette,
        enlarged_hilum,
        groundglass_opacity,
        hiatal_hernia,
        high_lung_volume_emphysema,
        interstitial_lung_disease,
        lung_nodule_or_mass,
        other,
        pleural_abnormality,
        pneumothorax,
        pulmonary_edema,
        support_devices
    from cohort.reflacx_metadata_phase_3
),

cells as (
    select
        sheet.id,
        classes.label_class,
        case classes.label
            when 'Airway wall thickening' then sheet.airway_wall_thickening
            when 'Atelectasis' then sheet.atelectasis
            when 'Consolidation' then sheet.consolidation
            when 'Emphysema' then sheet.emphysema
            when 'Enlarged cardiac silhouette' then sheet.enlarged_cardiac_silhouette
            when 'Fibrosis' then sheet.fibrosis
            when 'Fracture' then sheet.fracture
            when 'Groundglass opacity' then sheet.groundglass_opacity
            when 'Mass' then sheet.mass
            when 'Nodule' then sheet.nodule
            when 'Pleural effusion' then sheet.pleural_effusion
            when 'Pleural thickening' then sheet.pleural_thickening
            when 'Pneumothorax' then sheet.pneumothorax
            when 'Pulmonary edema' then sheet.pulmonary_edema
            when 'Wide mediastinum' then sheet.wide_mediastinum
        end as certainty,
        case classes.label
            when 'Quality issue' then sheet.quality_issue
            when 'Support devices' then sheet.support_devices
        end as flag,
        case when classes.label = 'Other' then sheet.other end as other_text
    from cohort.reflacx_metadata_phase_1 as sheet
    cross join staging.reflacx_label_classes as classes
    where
        classes.label in (
            'Airway wall thickening',
            'Atelectasis',
            'Consolidation',
            'Emphysema',
            'Enlarged cardiac silhouette',
            'Fibrosis',
            'Fracture',
            'Groundglass opacity',
            'Mass',
            'Nodule',
            'Other',
            'Pleural effusion',
            'Pleural thickening',
            'Pneumothorax',
            'Pulmonary edema',
            'Quality issue',
            'Support devices',
            'Wide mediastinum'
        )
    union all
    select
        sheet.id,
        classes.label_class,
        case classes.label
            when 'Abnormal mediastinal contour' then sheet.abnormal_mediastinal_contour
            when 'Acute fracture' then sheet.acute_fracture
            when 'Atelectasis' then sheet.atelectasis
            when 'Consolidation' then sheet.consolidation
            when 'Enlarged cardiac silhouette' then sheet.enlarged_cardiac_silhouette
            when 'Enlarged hilum' then sheet.enlarged_hilum
            when 'Groundglass opacity' then sheet.groundglass_opacity
            when 'Hiatal hernia' then sheet.hiatal_hernia
            when 'High lung volume / emphysema' then sheet.high_lung_volume_emphysema
            when 'Interstitial lung disease' then sheet.interstitial_lung_disease
            when 'Lung nodule or mass' then sheet.lung_nodule_or_mass
            when 'Pleural abnormality' then sheet.pleural_abnormality
            when 'Pneumothorax' then sheet.pneumothorax
            when 'Pulmonary edema' then sheet.pulmonary_edema
        end as certainty,
        case classes.label
            when 'Support devices' then sheet.support_devices
        end as flag,
        case when classes.label = 'Other' then sheet.other end as other_text
    from phase_2_3 as sheet
    cross join staging.reflacx_label_classes as classes
    where
        classes.label in (
            'Abnormal mediastinal contour',
            'Acute fracture',
            'Atelectasis',
            'Consolidation',
            'Enlarged cardiac silhouette',
            'Enlarged hilum',
            'Groundglass opacity',
            'Hiatal hernia',
            'High lung volume / emphysema',
            'Interstitial lung disease',
            'Lung nodule or mass',
            'Other',
            'Pleural abnormality',
            'Pneumothorax',
            'Pulmonary edema',
            'Support devices'
        )
),

answers as (
    select
        id,
        label_class,
        max(certainty) as certainty,
        max(case when flag then 1 when not flag then 0 end) as flag,
        max(other_text) as other_text
    from cells
    group by id, label_class
),

classes as (
    select distinct label_class
    from staging.reflacx_label_classes
),

readings as (
    select
        id,
        dicom_id,
        subject_id,
        'phase 1' as label_version
    from cohort.reflacx_metadata_phase_1
    union all
    select
        id,
        dicom_id,
        subject_id,
        'phases 2-3' as label_version
    from cohort.reflacx_metadata_phase_2
    union all
    select
        id,
        dicom_id,
        subject_id,
        'phases 2-3' as label_version
    from cohort.reflacx_metadata_phase_3
),

final as (
    select
        readings.id as reading_id,
        readings.dicom_id,
        readings.subject_id,
        readings.label_version,
        classes.label_class,
        answers.id is not null as is_asked,
        answers.certainty,
        answers.flag = 1 as is_flagged,
        answers.other_text
    from readings
    cross join classes
    left join answers
        on
            readings.id = answers.id
            and classes.label_class = answers.label_class
)

select * from final
