-- Labels of each built image's report, one a row: by CheXpert, by NegBio, and by
-- radiologists for the test set of MIMIC-CXR-JPG 2.1.0.
-- Grain: dicom_id, labeler, label. 14 labels for each labeler that has the study.
-- Rule: a label is of the study's report, so that all its images have it. Airspace
-- Opacity of the radiologists is Lung Opacity here, as the others call it.
-- Columns:
--   labeler: Who read it from the report: CheXpert, NegBio or radiologist.
--   label: One of the 14 labels, as CheXpert spells them.
--   value: 1 stated, 0 denied, -1 uncertain; null where not mentioned.
with

labels as (
    select
        'CheXpert' as labeler,
        study_id,
        "Atelectasis" as atelectasis,
        "Cardiomegaly" as cardiomegaly,
        "Consolidation" as consolidation,
        "Edema" as edema,
        enlarged_cardiomediastinum,
        "Fracture" as fracture,
        lung_lesion,
        lung_opacity,
        no_finding,
        pleural_effusion,
        pleural_other,
        "Pneumonia" as pneumonia,
        "Pneumothorax" as pneumothorax,
        support_devices
    from cohort.cxr_jpg_chexpert
    union all
    select
        'NegBio' as labeler,
        study_id,
        "Atelectasis" as atelectasis,
        "Cardiomegaly" as cardiomegaly,
        "Consolidation" as consolidation,
        "Edema" as edema,
        enlarged_cardiomediastinum,
        "Fracture" as fracture,
        lung_lesion,
        lung_opacity,
        no_finding,
        pleural_effusion,
        pleural_other,
        "Pneumonia" as pneumonia,
        "Pneumothorax" as pneumothorax,
        support_devices
    from cohort.cxr_jpg_negbio
    union all
    select
        'radiologist' as labeler,
        study_id,
        atelectasis,
        cardiomegaly,
        consolidation,
        edema,
        enlarged_cardiomediastinum,
        fracture,
        lung_lesion,
        lung_opacity,
        no_finding,
        pleural_effusion,
        pleural_other,
        pneumonia,
        pneumothorax,
        support_devices
    from staging.test_set_labels
),

final as (
    select
        images.dicom_id,
        images.study_id,
        images.subject_id,
        labels.labeler,
        names.label,
        case names.label
            when 'Atelectasis' then labels.atelectasis
            when 'Cardiomegaly' then labels.cardiomegaly
            when 'Consolidation' then labels.consolidation
            when 'Edema' then labels.edema
            when 'Enlarged Cardiomediastinum' then labels.enlarged_cardiomediastinum
            when 'Fracture' then labels.fracture
            when 'Lung Lesion' then labels.lung_lesion
            when 'Lung Opacity' then labels.lung_opacity
            when 'No Finding' then labels.no_finding
            when 'Pleural Effusion' then labels.pleural_effusion
            when 'Pleural Other' then labels.pleural_other
            when 'Pneumonia' then labels.pneumonia
            when 'Pneumothorax' then labels.pneumothorax
            when 'Support Devices' then labels.support_devices
        end as value
    from cohort.images as images
    inner join labels on images.study_id = labels.study_id
    cross join staging.report_labels as names
)

select * from final
