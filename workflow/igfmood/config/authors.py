"""What only the authors of a study can say: the items of reporting checklists that no run answers.

Takes the YAML file that the key ``authors`` of a study names; gives checked texts, one a topic.
"""

from pydantic import Field

from igfmood.config.base import Strict


class Authors(Strict):
    """Free text on each topic, as it shall stand in the reporting checklists."""

    title: str = Field("", description="Title of the article, and where it names the design")
    abstract: str = Field("", description="Where the structured abstract stands")
    background: str = Field("", description="Why the study was done, and what was known before")
    intended_use: str = Field("", description="Who would use the test or model, where in care")
    inequalities: str = Field("", description="Known inequalities in health between groups")
    design: str = Field("", description="What the run cannot know of the design, such as timing")
    setting: str = Field("", description="Places, centres, and dates of recruitment and follow-up")
    selection: str = Field("", description="How people were found and chosen, and why these")
    matching: str = Field("", description="Criteria of matching, or that there was none")
    treatments: str = Field("", description="Treatments received, and how they were chosen")
    specimens: str = Field("", description="Material, how it was taken, kept and for how long")
    assay: str = Field("", description="Kit, reagents, quality control; where the protocol stands")
    reference_standard: str = Field("", description="How diagnoses were made, and why that way")
    variables: str = Field("", description="How predictors and covariates were chosen and measured")
    blinding: str = Field("", description="What those who measured or judged knew of the rest")
    assessors: str = Field("", description="Training and background of those who judged")
    timing: str = Field("", description="Time, and treatment, between the test and the diagnosis")
    cuts: str = Field("", description="Why these cuts")
    sample_size: str = Field("", description="How the number of people came about")
    statistics: str = Field("", description="What was analysed beside this run")
    missing_data: str = Field("", description="Why values are missing, and people took no part")
    follow_up: str = Field("", description="Length of follow-up, and people lost to it")
    harms: str = Field("", description="Adverse events of the test or the reference standard")
    key_results: str = Field("", description="The main results in the words of the article")
    limitations: str = Field("", description="Limitations beyond those that the report lists")
    interpretation: str = Field("", description="What the results mean beside other evidence")
    generalisability: str = Field("", description="Whom the results hold for beyond these people")
    implications: str = Field("", description="What follows for practice and for research")
    input_data: str = Field("", description="What is to be done where an input is poor or missing")
    expertise: str = Field("", description="What users of the model do, and must know")
    fairness: str = Field("", description="What was done, or is planned, for fairness")
    involvement: str = Field("", description="Part that patients and public took, or that none did")
    ethics: str = Field("", description="Ethics committee, approval and consent")
    funding: str = Field("", description="Who paid, and what part they took")
    conflicts: str = Field("", description="Conflicts of interest of all authors")
    protocol: str = Field("", description="Where the protocol stands, or that there is none")
    registration: str = Field("", description="Register and number, or that there is none")
    data_sharing: str = Field("", description="Whether, where and how the data are to be had")
    code_sharing: str = Field("", description="Where the code of the analysis is to be had")
