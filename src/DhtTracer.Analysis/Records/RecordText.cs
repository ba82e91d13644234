using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Records;

/// <summary>Words for the lives of records, the same on pages, in the terminal and for assistants.</summary>
public static class RecordText
{
    /// <summary>What a record holds.</summary>
    public static string Of(RecordKind kind) =>
        kind switch
        {
            RecordKind.Provider => "provider record",
            RecordKind.Ipns => "IPNS record",
            RecordKind.PublicKey => "public key",
            _ => "value",
        };

    /// <summary>An alarm in two or three words.</summary>
    public static string Of(RecordAlarmKind kind) =>
        kind switch
        {
            RecordAlarmKind.Gone => "no holder",
            RecordAlarmKind.PublishedOnce => "published once",
            RecordAlarmKind.ExpiredButServed => "expired but served",
            RecordAlarmKind.KeptByLookers => "kept by lookers only",
            RecordAlarmKind.FewHolders => "few holders",
            _ => "ran out between",
        };

    /// <summary>A change in a sentence.</summary>
    public static string Of(RecordChange change) =>
        change.Kind switch
        {
            RecordChangeKind.ProvidedAgain => "Provided again: the number of holders rose.",
            RecordChangeKind.Republished => $"Republished: the same value, its end of life {DurationText.Of(change.MovedNs)} later.",
            RecordChangeKind.NewValue => "A new value: the sequence number rose.",
            _ => "The last holder lost it.",
        };

    /// <summary>Holders of a lookup: <c>19 of 22</c>; <c>at least 15</c> when it stopped early.</summary>
    public static string Holders(RecordLookup lookup) =>
        lookup.Sighting is { Answered: { } answered } sighting
            ? sighting.Complete
                ? $"{sighting.Holders.Length} of {answered}"
                : $"at least {sighting.Holders.Length}"
            : DurationText.Unknown;
}
