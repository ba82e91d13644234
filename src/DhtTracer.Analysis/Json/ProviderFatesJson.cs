using System.Text.Json;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Json;

/// <summary>The field <c>fates</c> of an operation: what became of the providers of a block request.</summary>
internal static class ProviderFatesJson
{
    public static void Write(Utf8JsonWriter json, ProviderFates? fates)
    {
        if (fates is null)
        {
            json.WriteNull("fates");
            return;
        }

        json.WriteStartObject("fates");
        json.WriteString("cid", fates.Cid);
        json.WriteString("block", Words.Of(fates.Block));
        json.NumberOrNull("blockNs", fates.BlockNs);
        json.WriteString("sentBy", fates.SentBy);
        json.NumberOrNull("askedAllNs", fates.AskedAllNs);
        json.NumberOrNull("endNs", fates.EndNs);
        json.WriteNumber("missingEvents", fates.MissingEvents);
        json.WriteStartArray("providers");
        foreach (var provider in fates.Providers)
        {
            json.WriteStartObject();
            json.WriteString("peer", provider.Peer);
            json.WriteString("step", Words.Of(provider.Step));
            json.WriteString("failure", provider.Failure is { } failure ? Words.Of(failure) : null);
            json.WriteString("errorText", provider.ErrorText);
            json.NumberOrNull("namedNs", provider.NamedNs);
            QueryJson.WriteTexts(json, "addresses", provider.Addresses);
            json.NumberOrNull("foundNs", provider.FoundNs);
            json.NumberOrNull("addressLookupNs", provider.AddressLookupNs);
            json.NumberOrNull("connectedNs", provider.ConnectedNs);
            json.NumberOrNull("failedNs", provider.FailedNs);
            json.WriteString("transport", provider.Transport);
            json.WriteString("agent", provider.Agent);
            json.NumberOrNull("connectNs", provider.ConnectNs);
            json.WriteString("answer", provider.Answer is { } answer ? Words.Of(answer) : null);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static ProviderFates? Read(JsonElement operation, string name = "fates") =>
        QueryJsonReader.Object(operation, name) is { } json
            ? new ProviderFates
            {
                Cid = QueryJsonReader.Text(json, "cid"),
                Block = QueryJsonReader.Word<BlockArrival>(json, "block"),
                BlockNs = QueryJsonReader.Number(json, "blockNs"),
                SentBy = QueryJsonReader.OptionalText(json, "sentBy"),
                AskedAllNs = QueryJsonReader.Number(json, "askedAllNs"),
                EndNs = QueryJsonReader.Number(json, "endNs"),
                MissingEvents = QueryJsonReader.Int(json, "missingEvents") ?? 0,
                Providers = QueryJsonReader.Array(json, "providers", Provider),
            }
            : null;

    private static ProviderFate Provider(JsonElement json) =>
        new()
        {
            Peer = QueryJsonReader.Text(json, "peer"),
            Step = QueryJsonReader.Word<ProviderStep>(json, "step"),
            Failure = QueryJsonReader.OptionalText(json, "failure") is null ? null : QueryJsonReader.Word<ProviderFailure>(json, "failure"),
            ErrorText = QueryJsonReader.OptionalText(json, "errorText"),
            NamedNs = QueryJsonReader.Number(json, "namedNs"),
            Addresses = QueryJsonReader.Texts(json, "addresses"),
            FoundNs = QueryJsonReader.Number(json, "foundNs"),
            AddressLookupNs = QueryJsonReader.Number(json, "addressLookupNs"),
            ConnectedNs = QueryJsonReader.Number(json, "connectedNs"),
            FailedNs = QueryJsonReader.Number(json, "failedNs"),
            Transport = QueryJsonReader.OptionalText(json, "transport"),
            Agent = QueryJsonReader.OptionalText(json, "agent"),
            Answer = QueryJsonReader.OptionalText(json, "answer") is null ? null : QueryJsonReader.Word<ProviderAnswer>(json, "answer"),
        };
}
