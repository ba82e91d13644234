using System.Text.Json;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.RequestTrace;

/// <summary>Writes what became of the providers that a request found.</summary>
internal static class RetrievalWriter
{
    public static void Write(Utf8JsonWriter json, ProviderFates? fates)
    {
        if (fates is null)
        {
            return;
        }

        json.WriteStartObject("retrieval");
        json.WriteString("cid", fates.Cid);
        json.WriteString("block", Words.Of(fates.Block));
        json.Number("blockNs", fates.BlockNs);
        json.Number("askedAllNs", fates.AskedAllNs);
        json.Number("endNs", fates.EndNs);
        json.Number("missingEvents", fates.MissingEvents == 0 ? null : fates.MissingEvents);
        json.Array("providers", fates.Providers, Provider);
        json.WriteEndObject();
    }

    private static void Provider(Utf8JsonWriter json, ProviderFate provider)
    {
        json.WriteStartObject();
        json.WriteString("peer", provider.Peer);
        json.WriteString("step", Words.Of(provider.Step));
        json.Text("failure", provider.Failure is { } failure ? Words.Of(failure) : null);
        json.Text("errorText", provider.ErrorText);
        json.Number("namedNs", provider.NamedNs);
        json.Number("foundNs", provider.FoundNs);
        json.Number("addressLookupNs", provider.AddressLookupNs);
        json.Number("connectedNs", provider.ConnectedNs);
        json.Number("failedNs", provider.FailedNs);
        json.Text("transport", provider.Transport);
        json.Text("agent", provider.Agent);
        json.Array("addresses", provider.Addresses, static (json, text) => json.WriteStringValue(text));
        json.WriteEndObject();
    }
}
