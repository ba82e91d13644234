using System.Text.Json.Serialization;

namespace DhtTracer.Analysis.Lint;

/// <summary>How much a finding matters.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LintSeverity>))]
public enum LintSeverity
{
    /// <summary>Worth knowing; often a choice of the program and not a fault.</summary>
    [JsonStringEnumMemberName("note")]
    Note = 1,

    /// <summary>It cost time, or made the result less certain.</summary>
    [JsonStringEnumMemberName("warning")]
    Warning = 2,

    /// <summary>The lookup, or a peer that it asked, did not follow the protocol, or the lookup could not work.</summary>
    [JsonStringEnumMemberName("error")]
    Error = 3,
}
