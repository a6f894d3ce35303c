-- The labels that CheXpert and NegBio read from a report.
-- Grain: label.
-- Rule: MIMIC-CXR-JPG, the header of both files.
-- Columns:
--   label: A finding, or No Finding, as the files spell it.
with

final (label) as (
    values
    ('Atelectasis'),
    ('Cardiomegaly'),
    ('Consolidation'),
    ('Edema'),
    ('Enlarged Cardiomediastinum'),
    ('Fracture'),
    ('Lung Lesion'),
    ('Lung Opacity'),
    ('No Finding'),
    ('Pleural Effusion'),
    ('Pleural Other'),
    ('Pneumonia'),
    ('Pneumothorax'),
    ('Support Devices')
)

select * from final
